// Contract: the instructions that the CPU's kernels may use.
//
// ATTUNE_MAX_ISA in the environment holds the whole process to what a lesser processor has, Highway's kernels, our own
// products and oneDNN's alike: `avx512_bf16` (all but AMX), `avx512` (AVX-512 without its bf16 instructions), `avx2`,
// or `baseline` (what every x86-64 has). Unset, empty or `amx`: all that the processor has, which nothing goes beyond.
//
// oneDNN is held off AMX in any case: its sums there follow the threads and the rows in company (2.6.3, seen on Emerald
// Rapids), which the contract on bits forbids. Products on AMX's tiles are our own (matmul_tiles.h).
#pragma once

namespace attune::kernels::cpu {

// Reads the environment at the first call and holds the process to it; later calls do nothing. It comes before anything
// else here: make_kernels() and has_fast_bf16() call it. Errors: an unknown value (usage); oneDNN was in use in this
// process before and cannot be held any more (usage).
void limit_instructions();

// Whether ATTUNE_MAX_ISA leaves AMX to us, the processor has tiles for bf16 and bytes, and the system grants them to
// this process (it is asked at the first call).
bool may_use_tiles();

// Whether the processor is one of Intel's; false where it is no x86.
bool is_intel();

}  // namespace attune::kernels::cpu
