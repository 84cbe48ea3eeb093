// Package component lets external components connect (XEP-0114: Jabber
// Component Protocol): programs such as gateways to other networks, each with a
// domain of its own and a secret that it shares with the server. Several may use
// one listener. Only the "accept" method is there, in which the component
// connects to the server.
package component
