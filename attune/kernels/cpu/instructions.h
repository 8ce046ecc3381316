// Contract: the instructions that the CPU's kernels may use.
//
// ATTUNE_MAX_ISA in the environment holds the whole process to what a lesser processor has, Highway's kernels, our own
// products and oneDNN's alike: `avx512` (AVX-512 without its bf16 instructions), `avx2`, or `baseline` (what every
// x86-64 has). `amx` allows more than the default, products of bf16 on AMX's tiles (matmul_tiles.h), which have not yet
// been run on such a processor. Unset or empty: all that the processor has but AMX; what it lacks is never used,
// whatever is asked for.
//
// oneDNN is held off AMX in any case: its sums there follow the threads and the rows in company (2.6.3, seen on Emerald
// Rapids), which the contract on bits forbids.
#pragma once

namespace attune::kernels::cpu {

// Reads the environment at the first call and holds the process to it; later calls do nothing. It comes before anything
// else here: make_kernels() and has_fast_bf16() call it. Errors: an unknown value (usage); oneDNN was in use in this
// process before and cannot be held any more (usage).
void limit_instructions();

// Whether ATTUNE_MAX_ISA asks for AMX, the processor has tiles for bf16, and the system grants them to this process (it
// is asked at the first call).
bool may_use_tiles();

// Whether the processor is one of Intel's; false where it is no x86.
bool is_intel();

}  // namespace attune::kernels::cpu
