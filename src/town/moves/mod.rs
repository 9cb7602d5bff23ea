//! A day's moves (異動) about the people of a town, as the CSV the registry takes.
