// The CPU's products with matrices of few rows, f32 and bf16 beside f32. Between memory and sums everything is f32.
#pragma once
#include "attune/kernels/cpu/workspace.h"
#include "attune/kernels/low_rank.h"

namespace attune::kernels::cpu {

void low_rank_down(Workspace& workspace, int threads, const LowRankDown& p);
void low_rank_down_backward(Workspace& workspace, int threads, const LowRankDownBackward& p);
void low_rank_up(Workspace& workspace, int threads, const LowRankUp& p);
void low_rank_up_backward(Workspace& workspace, int threads, const LowRankUpBackward& p);

void scale_columns(int threads, const ScaleColumns& p);
void scale_columns_backward(Workspace& workspace, int threads, const ScaleColumnsBackward& p);

}  // namespace attune::kernels::cpu
