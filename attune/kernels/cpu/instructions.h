// Contract: the instructions that the CPU's kernels may use.
//
// ATTUNE_MAX_ISA in the environment holds the whole process to what a lesser processor has, Highway's kernels, our own
// products and oneDNN's alike: `avx512bf16` (all but AMX), `avx512` (AVX-512 without its bf16 instructions), `avx2`, or
// `baseline` (what every x86-64 has). Unset or empty: all that the processor has; what it lacks is never used, whatever
// is asked for.
//
// oneDNN is held off AMX in any case: its sums there follow the threads and the rows in company (2.6.3, seen on Emerald
// Rapids), which the contract on bits forbids. AMX is ours (matmul_tiles.h).
#pragma once

namespace attune::kernels::cpu {

// Reads the environment at the first call and holds the process to it; later calls do nothing. It comes before anything
// else here: make_kernels() and has_fast_bf16() call it. Errors: an unknown value (usage); oneDNN was in use in this
// process before and cannot be held any more (usage).
void limit_instructions();

// Whether the processor has AMX's tiles for bf16, ATTUNE_MAX_ISA leaves them to us, and the system grants them to this
// process, which it is asked for at the first call.
bool may_use_tiles();

}  // namespace attune::kernels::cpu
