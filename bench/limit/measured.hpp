#pragma once

#include "../common/items.hpp"

/// The items, each with plain system calls. The lines above each function name
/// its arguments; COMMAND is that of the child.
namespace procession::bench {

/// pipes|pty BYTES COMMAND: reads a flood of BYTES.
void flood(arguments& args);

/// BYTES BLOCK COMMAND: writes BYTES, in blocks of BLOCK, to a child that then
/// writes how many it got.
void feed(arguments& args);

/// SUBSCRIBERS BYTES COMMAND: reads a flood of BYTES, which begins with a byte
/// of input; each of SUBSCRIBERS looks at each block.
void fanout(arguments& args);

/// pipes|pty SIZE COUNT COMMAND: sends COUNT messages, each when the last one
/// has come back.
void echo(arguments& args);

/// SHELLS ECHOES COMMAND: has SHELLS shells, each on a terminal, answer ECHOES
/// lines each, all at the same time.
void agent(arguments& args);

/// AT_ONCE LIVE MIB COUNT COMMAND: runs COUNT children, AT_ONCE at a time,
/// beside LIVE others, with MIB of memory in use.
void spawn(arguments& args);

/// COUNT COMMAND: starts COUNT children that wait.
void idle(arguments& args);

/// COUNT BYTES COMMAND: runs a command line COUNT times, each of which moves
/// BYTES. Its usage is that of the command and of the processes that the
/// command waited for.
void command_line(arguments& args);

/// COUNT COMMAND: has a server of the Model Context Protocol run `true` COUNT
/// times. Its usage is that of the server.
void mcp(arguments& args);

} // namespace procession::bench
