// Everything `attune serve` can be told.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attune/base/options.h"

namespace attune::serve {

struct ServeOptions {
  std::string host = "127.0.0.1";
  int port = 8080;
  std::string precision = "auto";
  std::optional<int64_t> max_length = {};
  int threads = 0;
  int64_t max_batch_tokens = 512;
  int64_t queue_tokens = 65536;
  double batch_delay_ms = 0;
  double deadline = 30;
  int64_t max_client_batch_size = 1024;
  int64_t payload_limit = 2 << 20;
  int64_t max_connections = 10000;
  bool auto_truncate = false;
  std::string token_file, admin_token_file, model_root;
  bool access_log = false;
  double grace = 30;

  void visit(OptionList& list);
};

}  // namespace attune::serve
