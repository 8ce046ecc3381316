// Virtual tokens before every sequence: P vectors that are trained and stand for no word.
//
// prompt   P vectors [P, C] in place of word embeddings; they pass through the whole encoder, and a sequence head reads
// the
//          first of them, as in PEFT. Source: Lester, Al-Rfou, Constant 2021, arXiv 2104.08691.
// prefix   keys and values of P tokens in every layer, [P, layers * 2C]: key of layer 0, value of layer 0, key of layer
// 1, ...
//          Source: Li & Liang 2021, arXiv 2101.00190; in encoders Liu et al. 2021 (P-tuning v2), arXiv 2110.07602.
//          projection H > 0: while it trains, the table is W2 tanh(W1 E + b1) + b2, E [P, C], W1 [H, C] (Li & Liang's
//          re-parametrisation); the table alone is kept.
//
// Positions of the text begin behind them, so texts are shorter by P pieces at most. Both begin as N(0, init^2), init
// 0.02 (PEFT: N(0, 1), which drowns a pre-trained encoder). With projection E ~ N(0, 1), as PEFT, W1 and W2 N(0,
// init^2). Name: "prompt_embeddings", as PEFT's. (PEFT 0.21 refuses prefixes for BERT of transformers 5, older ones
// took them.)
#pragma once
#include "attune/peft/method.h"

namespace attune::peft {

MethodEntry prefix_entry();
MethodEntry prompt_entry();

}  // namespace attune::peft
