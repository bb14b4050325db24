/* http/forwarded.h - who a request is from, as the proxies in front have written it into X-Forwarded-For. Pure.
 *
 * Each proxy adds the address of its own peer at the right, so only what trusted proxies have added can be believed:
 * the list is read from the right, all header lines taken together. A trusted address is one more proxy of ours; the
 * first that is not is the client. What stands left of it the client may have written himself, and it is not even
 * looked at. When all of them are trusted it is the leftmost: the request began inside.
 *
 * An entry is a numeric address; with a port behind it ("192.0.2.1:4711", "[2001:db8::1]:4711") or in brackets it is
 * taken too, because some load balancers write that. Another form ("unknown", an empty entry) means that our own
 * proxies say what cannot be understood, and is refused.
 */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include "http/http.h"

#include "base/cidr.h"

/* For a request whose sender is trusted. *ret_found false: no proxy has said anything. REQUEST_MALFORMED. */
ATT_CHECK bool forwarded_client(const struct http_request *request, const struct att_cidr_list *trusted,
                                bool *ret_found, struct att_ip *ret, struct att_err *err);

#endif
