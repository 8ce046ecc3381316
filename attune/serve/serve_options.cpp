#include "attune/serve/serve_options.h"

#include "attune/data/encode.h"

namespace attune::serve {

void ServeOptions::visit(OptionList& list) {
  list.group("Where");
  list.add("host", host, {.help = "address to listen at; 0.0.0.0: every network that this machine is on"});
  list.add("port", port, {.help = "0: any free one, which is printed", .min = 0, .max = 65535});
  list.group("Models");
  list.add("precision", precision,
           {.help = "of matrix products; auto: bf16 where the processor multiplies it faster than f32; int8: bytes, "
                    "twice as fast and a quarter of the memory, answers a little off",
            .choices = {"auto", "f32", "bf16", "int8"}});
  list.add("max-length", max_length,
           {.help = "longest sequence a model sees, special pieces included; not given: the model's own",
            .unit = "pieces",
            .min = data::kShortestSequence,
            .max = 1e6});
  list.add("threads", threads,
           {.help = "0: as many as there are physical cores at hand, cpuset and cgroup quota heeded", .min = 0});
  list.add("auto-truncate", auto_truncate,
           {.help = "texts that are too long are cut unless a request says otherwise; without: they are refused, as "
                    "text-embeddings-inference does (attune's own routes always cut, as in training)"});
  list.group("Batching");
  list.add("max-batch-tokens", max_batch_tokens,
           {.help = "what waits is run together up to this many; changes no answer", .unit = "pieces", .min = 8});
  list.add("batch-delay", batch_delay_ms,
           {.help = "a pass that is not full waits so long for more requests", .unit = "ms", .min = 0, .max = 10000});
  list.add("queue-tokens", queue_tokens,
           {.help = "of all that waits; beyond, requests get 429 and Retry-After", .unit = "pieces", .min = 8});
  list.add("deadline", deadline,
           {.help = "a request that has not begun by then gets 504", .unit = "s", .min = 0.001, .max = 86400});
  list.group("Limits");
  list.add("max-client-batch-size", max_client_batch_size, {.help = "texts of a request", .min = 1});
  list.add("payload-limit", payload_limit, {.help = "of a request", .unit = "bytes", .min = 1024, .max = 1 << 30});
  list.add("max-connections", max_connections, {.help = "open at once", .min = 1, .max = 1e6});
  list.group("Who may");
  list.add("token-file", token_file,
           {.help = "bearer tokens, one a line; all routes but /, /health and /openapi.json ask for one",
            .placeholder = "FILE"});
  list.add("admin-token-file", admin_token_file,
           {.help = "tokens that may load, replace and unload models; without: nobody may", .placeholder = "FILE"});
  list.add("model-root", model_root,
           {.help = "folder below which an admin may load models; without: only those that were named at the start can "
                    "be loaded again",
            .placeholder = "DIR"});
  list.group("The rest");
  list.add("access-log", access_log, {.help = "a line a request on standard error; never a text of it"});
  list.add("grace", grace,
           {.help = "after SIGTERM requests at hand get so long to finish", .unit = "s", .min = 0, .max = 3600});
}

}  // namespace attune::serve
