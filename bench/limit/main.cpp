// What the machine allows: the measured items with plain system calls, and
// nothing else. Two items, command_line and mcp, measure a program that is
// given.
#include "../common/machine.hpp"
#include "measured.hpp"

int main(int argc, char** argv) {
  using namespace procession::bench;
  prepare_process();
  return measure({{"flood", flood},
                  {"feed", feed},
                  {"fanout", fanout},
                  {"echo", echo},
                  {"agent", agent},
                  {"spawn", spawn},
                  {"idle", idle},
                  {"command_line", command_line},
                  {"mcp", mcp}},
                 {argv + 1, argv + argc});
}
