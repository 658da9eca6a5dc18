#pragma once

#include "procession/messages/session.hpp"

#include <string>

/// The events of a session as JSON, one object a line: `event` names it,
/// `session` its session; the other members are those of the event, in bytes,
/// and in microseconds where they end in `_us`. Output bytes are in base64.
/// Text that is no UTF-8 is shown with replacement characters.
namespace procession::cli {

/// {"event":"started","session","pid","containment","program","args"}
std::string started_line(const session_info& x);

/// {"event":"start_failed","code","stage","os_code","text"}
std::string start_failed_line(const caf::error& x);

/// {"event":"output","session","seq","stream","offset","bytes"}
std::string json_line(const output& x);

/// {"event":"gap","session","seq","stream","from","to"}
std::string json_line(const gap& x);

/// {"event":"stopped","session","seq","signal"}
std::string json_line(const stopped& x);

/// {"event":"continued","session","seq"}
std::string json_line(const continued& x);

/// {"event":"exited","session","seq","cause","code","signal","shell_code",
/// "core_dumped","timed_out","by_request","user_us","system_us","peak_memory"}
std::string json_line(const exited& x);

/// {"event":"closed","session","seq","complete","ended","surviving"}
std::string json_line(const closed& x);

/// Base64 as in RFC 4648, with padding.
std::string to_base64(const shared_bytes& x);

} // namespace procession::cli
