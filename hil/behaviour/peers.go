package behaviour

// Spellings are the ways to write header fields that a server has besides the usual one. Each is legal unless it says otherwise, and each was
// seen of a real peer. Several go together.
var Spellings = []Choice{
	{"spaces", "white space round ; = : , and / in header fields (RFC 3261 7.3.1, 25.1)"},
	{"folded", "header fields over several lines, Content-Length too"},
	{"quoted", "quoted strings with ; , and \\\" in them as parameters of Via and From and as display names"},
	{"lower-case", "sip/2.0, and names of header fields in small letters"},
	{"upper-case", "names of header fields and parameters in capitals: ;BRANCH=, ;EXPIRES="},
	{"compact", "compact forms of the names of header fields: v, f, t, i, m, l"},
	{"one-line", "Via, Record-Route and Contact each in one line, with commas"},
	{"reordered", "the header fields in the opposite order, those of one name in their own"},
	{"unknown-headers", "header fields that are not known, with odd names and without a value"},
	{"no-colon", "a header line without a colon, which is none"},
	{"no-reason", "status lines without a reason phrase"},
	{"numbers", "Expires, Timestamp, Retry-After and parameters that are out of range or no numbers, where they are not needed"},
	{"bad-contact", "REGISTER: beside the right Contact one that cannot be read"},
	{"bare-contacts", "REGISTER: a list of Contacts without angle brackets, the first of another phone"},
	{"rewritten-contact", "REGISTER: the only Contact has the address that a NAT would have given it"},
	{"lost-contact", "INVITE and its answers: the Contact names a host that does not exist, so that later requests of the call have nowhere to go"},
	{"bad-max-forwards", "requests with Max-Forwards: abc"},
	{"no-max-forwards", "requests without Max-Forwards, as of RFC 2543"},
	{"bad-cseq", "requests with a CSeq from 2^31 on, which is out of range"},
	{"bad-length", "over UDP a Content-Length of more than there is"},
	{"negative-length", "over UDP Content-Length: -1"},
	{"no-length", "over UDP no Content-Length"},
	{"trailing", "over UDP octets behind the end of the body"},
	{"no-branch", "requests whose Via has no branch, as of RFC 2543"},
	{"old-branch", "requests whose Via has a branch of RFC 2543: without z9hG4bK, and one for a request and its ACK"},
	{"same-branch", "requests of one Call-ID and CSeq have one branch: the ACK of a 2xx that of its INVITE"},
	{"via-name", "requests whose Via names a host that is not known, without rport"},
	{"escaped-user", "requests whose Request-URI and To have the user escaped: %31001"},
	{"tel-uri", "requests with a tel: URI as their Request-URI"},
	{"tel-from", "requests from a tel: URI"},
}

// RecordRoutes are what becomes of the server's Record-Route on its way to the phone.
var RecordRoutes = []Choice{
	{"strict", "a strict router's, without lr (RFC 3261 12.2.1.1)"},
	{"tcp", "with transport=tcp"},
	{"params", "with parameters behind its >"},
	{"unresolvable", "names a host that does not exist"},
	{"none", "is not there: requests of the call go past the server"},
}

// Challenges are the ways to ask for credentials.
var Challenges = []Choice{
	{"two-realms", "two realms in one answer, both needed"},
	{"realm-by-realm", "one realm, and when it is satisfied another, both needed"},
	{"proxy-then-server", "407, and when it is satisfied 401, both needed"},
	{"one-time", "each nonce is good for one request, and no stale=true says so"},
	{"same-nonce", "each request is asked again, with one nonce all along"},
	{"long-nonce", "nonces of 400 characters"},
	{"opaque", "an opaque text that has to come back"},
	{"empty-opaque", `opaque="", which has to come back`},
	{"md5-sess", "algorithm=MD5-sess"},
	{"sha-256", "algorithm=SHA-256"},
	{"unknown", "only algorithms that do not exist"},
	{"unknown-first", "besides, before the others, an algorithm that does not exist"},
	{"no-qop", "no qop, as of RFC 2069"},
}

// Noises are datagrams that are no messages. The phone answers none of them.
var Noises = []Choice{
	{"stun", "a STUN binding request"},
	{"rtp", "an RTP packet"},
	{"zeroes", "four octets of zero"},
	{"empty", "a datagram without anything in it"},
	{"crlf", "CRLFCRLF"},
	{"garbage", "octets by chance"},
	{"no-via", "a request and a response without any header field"},
}

// SDPs are the bodies with which the phone 1002 offers or answers a session, besides its usual one: PCMU, PCMA and telephone-event.
var SDPs = []Choice{
	{"none", "no body"},
	{"g729", "audio of G.729 alone"},
	{"video", "video alone"},
	{"audio-zero", "audio at port 0"},
	{"many", "application, audio, video and a second audio"},
	{"broken-video", "audio, and a video line that cannot be read"},
	{"ipv6", "an address of the other IP version"},
	{"name", "a name, localhost, instead of an address"},
	{"no-listener", "a port where no socket listens"},
	{"sendonly", "audio that is only sent: hold"},
	{"recvonly", "audio that is only received"},
	{"inactive", "audio that is neither"},
	{"text", "SDP that says it is text/plain"},
	{"multipart", "multipart/mixed: a text, then the SDP"},
	{"multipart-optional", "multipart/mixed: a part of an unknown type with handling=optional, then the SDP"},
	{"multipart-required", "multipart/mixed: a part of an unknown type that is required, then the SDP"},
	{"encoded", "Content-Encoding: gzip"},
}

// CSeqs are numbers that a request may have instead of the next.
var CSeqs = []Choice{
	{"lower", "lower than one that was used"},
	{"same", "the one that was used last"},
}

// missingACK is the ACK that does not come.
var missingACK = Choice{"missing", "no ACK comes"}

// Methods are those of requests that the phone 1002 sends besides calls.
var Methods = []Choice{
	{"INVITE", "a re-INVITE; outside of a call it begins none that is kept"},
	{"BYE", "ends the call, if it is taken"},
	{"OPTIONS", "asks what the phone can do"},
	{"INFO", "without a body"},
	{"UPDATE", "a new offer"},
	{"PRACK", "of a provisional answer that never was"},
	{"NOTIFY", "of an event"},
	{"SUBSCRIBE", "to an event"},
	{"MESSAGE", "text/plain"},
	{"REFER", "to 1003"},
	{"PUBLISH", "of an event"},
}
