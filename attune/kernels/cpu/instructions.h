// Contract: the instructions that the CPU's kernels may use.
//
// ATTUNE_MAX_ISA in the environment holds the whole process to what a lesser processor has, Highway's kernels and
// oneDNN's products alike: `avx512` (AVX-512 without its bf16 instructions), `avx2`, or `baseline` (what every x86-64
// has). Unset or empty: all that the processor has; what it lacks is never used, whatever is asked for.
#pragma once

namespace attune::kernels::cpu {

// Reads the environment at the first call and holds the process to it; later calls do nothing. It comes before anything
// else here: make_kernels() and has_fast_bf16() call it. Errors: an unknown value (usage); oneDNN was in use in this
// process before and cannot be held any more (usage).
void limit_instructions();

}  // namespace attune::kernels::cpu
