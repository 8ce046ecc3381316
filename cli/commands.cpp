#include "cli/commands.h"

namespace attune::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> list{
      {"train", "fine-tune a model on labelled data; leaves a model folder and reports", run_train, true},
      {"eval", "judge a fine-tuned model on labelled data", run_eval, true},
      {"predict", "label texts with a fine-tuned model, as JSON lines", run_predict},
      {"embed", "turn texts into vectors, as JSON lines or a NumPy array", run_embed},
      {"compare", "say which of two ways of training is better, from predictions alone", run_compare},
      {"select-loss", "choose the loss by evidence: corrections first, then a race and a verdict", run_select_loss,
       true},
      {"tune", "find better options within a budget of time, and judge them on rows that the search never saw",
       run_tune, true},
      {"serve", "answer requests over HTTP with fine-tuned models", run_serve, true},
      {"quantize", "find out whether int8 harms a model", run_quantize, true},
      {"runs", "list, show and compare the runs of a project, find the best", run_runs},
      {"search", "find the documents that answer a query", run_search},
      {"data", "show what data files hold and what is odd about them", run_data},
      {"tokenize", "show the pieces that a model reads", run_tokenize},
      {"loss", "list, show, check and evaluate loss functions", run_loss},
      {"adapter", "list ways of adapting a model, make whole models of adapters", run_adapter},
      {"info", "show what a model folder holds", run_info},
      {"models", "list and get pre-trained models", run_models},
  };
  return list;
}

}  // namespace attune::cli
