// Package store keeps what Throughline knows beyond the life of a process: runs
// and their tasks, documents, what was heard of won deals, Gong's index of calls,
// the pace of calls to vendors.
//
// It is one database: SQLite in a file, for a single machine, or PostgreSQL, which
// several processes may share. The SQL is the same for both and stands in the
// methods; the tests run every method on both.
package store
