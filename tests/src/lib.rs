//! The laboratory: private network namespaces, simulated miners and pools, packet builders.
