-- Sets that are not whole at a source, and since when: JSON, a list of folder, notice and moment.
ALTER TABLE pull_source ADD COLUMN unfinished TEXT NOT NULL DEFAULT '[]';
