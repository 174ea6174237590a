/** What stands between the tables of docs/benchmarks.md: what was measured, and what dominates it. No measured numbers here. */

export interface Section {
  readonly title: string;
  readonly text: string;
  readonly benches: readonly string[];
  /** Figures that get a picture. */
  readonly charts: readonly string[];
}

export const sections: readonly Section[] = [
  {
    title: "Cached answers from the daemon",
    text: `dnsperf with 8 sockets and 100 questions under way, 100 signed names; server alone on one core, generator on the other.
With two workers (threads of unbound, BIND and PowerDNS, processes of rootwalk and Knot Resolver) both cores are shared by
them and the generator, so those rows say how a machine of two cores divides, not what two cores could give. \`echo\` is the
least that a Node program can do with a datagram. One at a time is asked by a client in Node, which adds the same to
everybody's latency. PowerDNS Recursor takes no questions over TLS, so it has no row there; the echo is one process, for UDP.

On UDP the kernel dominates: each datagram is two system calls, most of the time of the echo, and JavaScript is a few
percent of it, for an answer given a moment ago is found by the question's very octets and sent under the new id. So Node
loses to C whatever we write, and rootwalk is near the echo. On TCP and TLS rootwalk wins, because the answers to all
questions that one read brought leave in one write.

On Bun the daemon uses \`node:dgram\` as well. Bun's own socket takes and gives many datagrams at once, and an earlier prototype
on it needed 27 % less processor time than \`node:dgram\` there. But it has no method for its receive buffer, which stays at the
system's default (208 KiB here, where \`node:dgram\` gets the 2 MiB that it asks for); only a foreign call to setsockopt could
change that. How much a burst would lose with so little room has not been measured.`,
    benches: ["cached"],
    charts: [
      "Cached, UDP, TLSA with DO",
      "Cached, TCP, TLSA with DO",
      "Cached, TLS, TLSA with DO",
      "Cached by two workers, UDP, TLSA with DO",
      "Cached, UDP, one at a time: p50",
    ],
  },
  {
    title: "Cached answers in a program",
    text: `What a program pays that has the resolver inside: all contenders in one process and one run, 20 names in turn. What
dominates is the reading of the name's text; with a \`Name\` it is one look-up. libunbound makes a pipe and an epoll for each
synchronous call; node:dns goes through a socket and another process.`,
    benches: ["in-process"],
    charts: [],
  },
  {
    title: "Cold answers: waits",
    text: `Nothing is known of the domain and, but where it says so, of its TLD, and every packet takes 10 ms each way between
resolver and name servers (a forwarder that waits, since not every kernel has \`netem\`). In round trips, each row with a new
process of each peer that has answered forty questions below another TLD: so everybody knows the root, and V8 has compiled
some of rootwalk. What stands between its figures and whole numbers is the rest of that, and timers. The whole numbers are
asserted exactly, by counting, in [test/budget](../test/budget).

Waits dominate: one for each zone on the way, keys and signed delegations fetched meanwhile. A peer has no row where it did
not answer as secure.`,
    benches: ["cold-waits"],
    charts: ["_25._tcp.mx TLSA, secure", "as a mail server: MX, then A, AAAA, TLSA"],
  },
  {
    title: "Cold answers: throughput",
    text: `600 questions (MX, A, TLSA of 200 domains over algorithms 8, 10, 13, 14, 15, 16) to a process that was just started, with
no latency. The name servers are NSD and Knot DNS, on the core of the one who asks. Samples in which not everything was
answered as secure are left out. A warm process has answered some 3,400 questions before, below half of the domains and in
two TLDs, and is asked for the other half in two others: its cache knows nothing of them but the root.

What dominates rootwalk's processor time in a process that was just started is V8 compiling the program: the rows of the warm
process show how much, for a program that is compiled already, such as unbound, has the same figure in both.

What stands between a new process on Node 20 and Unbound with 50 at once: V8's optimising compiler, on a thread of its own, takes
some 0.4 ms a question, and the rest goes as follows (samples of the main thread, 2026-11-27):

| part | share | what it would take |
|---|---|---|
| functions that run for the first times, each below 3.5 % | 48 % | compiled code at the start: Node 20 has no cache of it for modules, and the one of Node 22 and later changes the start only (14 to 48 ms) |
| garbage collection | 16 % | some 200 KB a question, mostly promises, closures and iterators |
| signatures, by OpenSSL | 11 % | nothing: three or four a question |
| datagrams, a socket with a port of its own for each | 11 % | several in one system call, which Node does not offer |
| promises, microtasks, async hooks | 4.5 % | fewer asynchronous layers |
| asking one server after another, and timers | 4 % | |
| the cache's LRU | 3.5 % | |
| importing keys | 1.6 % | nothing for zones that are new |

Tried without a gain worth keeping: V8's flags for Sparkplug, Maglev, lazy feedback, on-stack replacement, larger young
generations and one thread for garbage collection. Optimising functions eight times later made the new process a third
faster (0.81 ms) and the warm one a third slower (0.80 instead of 0.53 ms), so it is not done.`,
    benches: ["cold-daemon"],
    charts: [
      "Cold, 50 at once: questions",
      "Cold, warm process, 50 at once: questions",
      "Cold, 50 at once: upstream questions",
    ],
  },
  {
    title: "Start",
    text: `From the start of the process to the first answer with AD, a TLSA. Loading and compiling the program dominates; a snapshot
saves the walk, not that.

What stands between Node 20 and 120 ms, of 150 on this machine alone (one core, 2026-11-27): an empty program takes 50; 180
modules are resolved (20), read (18) and compiled (26); evaluating them, making the parts and opening the sockets takes some
25; the first answer 12, of which 4 are OpenSSL's first key. Tried without a gain worth keeping: comments left out (2 ms),
fourteen modules that only options need left out (3), \`require\` instead of \`import\` (6 to 9). One file instead of 180 modules
would save 34, and this project has no bundler. V8's cache of compiled code, which Node has since 22.1, saves 14 to 48; it is
not used, for whoever could write it would run code in the daemon, also after a restart, and nothing else that the daemon
writes can do that.`,
    benches: ["start"],
    charts: ["Start to the first validated answer, no latency"],
  },
  {
    title: "Memory",
    text: `Resident memory after start, and its growth by 100,000 signed RRsets of some 170 octets, each asked for once; all caches
are large enough for them (rootwalk's own default is 64 MiB, and keeps what fits). Answers that nobody asked for of late rest
as strings of octets; what dominates rootwalk's growth is the heap that V8 has not given back yet: what lives is less than
half of it.`,
    benches: ["memory"],
    charts: ["Memory grown by 100,000 signed RRsets"],
  },
  {
    title: "Floods of random names",
    text: `100,000 names that do not exist, each once, under a zone with NSEC and under one with NSEC3. Both are answered from denials
that are known already, so name servers hardly notice. A denial is judged once a second for each range that covers names; of the
other names in it only the range and the closest encloser are compared, and their reply is a copy of that one with another
question. What dominates rootwalk: two system calls a name, which are 7.6 µs of a bare
echo and more than half of the time under NSEC; then its look-ups in the caches, reading the question, one hash under NSEC3,
and garbage collection.
Its memory grows with the first names and then stays: 109 to 113 MB resident from 150 thousand to 1.4 million names under NSEC,
117 to 119 MB under NSEC3 (in one process with the lab, 2026-11-27).`,
    benches: ["random-names"],
    charts: ["Random names under NSEC: denied", "Random names under NSEC3: denied"],
  },
  {
    title: "Is an answer ever lost?",
    text: `Cached answers at half of the most that the daemon can give, for a while, over UDP, TCP and TLS. Over TLS the generator
does not always keep that pace: what it did ask is in the table.`,
    benches: ["loss"],
    charts: [],
  },
  {
    title: "Attacks: how long does each hold up everybody else?",
    text: `While an attack is answered over TCP, somebody asks for what is cached, over UDP, once a millisecond: the longest that he
waits is what the attack costs others, in ms; in brackets what the attacker waits. Medians of runs with new processes, all on
one core, the attacker's name servers and the clients on the other; with nobody attacking the machine itself is good for some
milliseconds. rootwalk's event loop is the longest piece of work between two of its turns, seen from inside. BIND goes on with
its cache while it validates, so its column says little. Unbound ends the connection without an answer where it says so. Knot
Resolver answers ANY with an error, before it looks at anything.`,
    benches: ["attacks"],
    charts: [],
  },
  {
    title: "Signatures, names, messages",
    text: `The parts: OpenSSL beside the portable engine, hashes, and the codec beside dns-packet. An NSEC3 hash by hand is faster than
\`crypto.hash\`, since it is one block.`,
    benches: ["verify", "names", "decode"],
    charts: [],
  },
];
