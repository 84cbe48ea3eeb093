// Package speccheck reads what the sources and the conversation scripts cite
// and holds it against tables of the specifications' sections: a number or a
// title that is not there fails a test. From the same citations it makes
// doc/specs.md, which says where each section is dealt with and what shows it;
// and doc/musts.md from tables of what the specifications demand of a server.
package speccheck
