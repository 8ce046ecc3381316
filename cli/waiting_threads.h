// How long OpenMP's threads wait awake for the next piece of work.
#pragma once

namespace attune::cli {

// libgomp's threads spin for milliseconds by default: nothing is gained by it here (pieces of work follow each other
// within microseconds), and on a machine with other work the spinning takes the processor from the very thread that is
// waited for. It reads its settings before main(), so unless the user has some the program starts itself once more with
// a shorter wait: 9 ms, for commands that run long. Where that cannot be done it goes on as it is: only speed is at
// stake.
void shorten_waits(char** argv);

}  // namespace attune::cli
