#pragma once

#include "../common/items.hpp"
#include "place.hpp"

/// The items, each as a program on this library would do it. Their arguments
/// are those of bench/limit/measured.hpp.
namespace procession::bench {

/// Follows a flood in one actor.
void flood(place& where, arguments& args);

/// Writes to a child, with several writes on their way.
void feed(place& where, arguments& args);

/// Follows a flood in several actors.
void fanout(place& where, arguments& args);

/// Sends messages to a child that echoes.
void echo(place& where, arguments& args);

/// Talks with many shells, each from an actor of its own.
void agent(place& where, arguments& args);

/// Runs children, from the request to spawn one until its session is closed.
void spawn(place& where, arguments& args);

/// Runs COUNT COMMAND, one after the other, over an exec tool.
void exec(place& where, arguments& args);

/// Starts sessions that wait.
void idle(place& where, arguments& args);

} // namespace procession::bench
