//! What the folder room promises, tried on real folders, real volumes and real processes.

#[cfg(test)]
mod confined;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod inbox;
#[cfg(test)]
mod lock;
#[cfg(test)]
mod own;
#[cfg(test)]
mod repeat;
#[cfg(test)]
mod share;
#[cfg(test)]
mod volumes;
#[cfg(test)]
mod watch;
#[cfg(test)]
mod whole;
