// attune serve: fine-tuned models behind HTTP.
#include <csignal>

#include "attune/base/error.h"
#include "attune/base/threads.h"
#include "attune/http/server.h"
#include "attune/io/resolve.h"
#include "attune/serve/service.h"
#include "attune/tasks/int8_record.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace attune::cli {
namespace {

struct Named {
  std::string name, folder;
};

// "name=folder", or a folder whose last part is its name.
std::vector<Named> named_models(const std::vector<std::string>& arguments) {
  std::vector<Named> models;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    Named model = equals == std::string::npos ? Named{serve::default_name(argument), argument}
                                              : Named{argument.substr(0, equals), argument.substr(equals + 1)};
    if (model.name.empty() || model.name.find_first_of("/?#%") != std::string::npos)
      fail(ErrorKind::usage, "'{}' gives a model no name that fits into an address; expected NAME=FOLDER", argument);
    for (const Named& other : models)
      if (other.name == model.name)
        fail(ErrorKind::usage, "two models are called '{}'; give them names: NAME=FOLDER", model.name);
    models.push_back(std::move(model));
  }
  return models;
}

http::Limits limits_of(const serve::ServeOptions& o) {
  http::Limits limits;
  limits.body = static_cast<size_t>(o.payload_limit);
  limits.connections = static_cast<size_t>(o.max_connections);
  return limits;
}

void open_models(serve::Service& service, const std::vector<Named>& models, const serve::ServeOptions& options) {
  for (const auto& [name, folder] : models) {
    const auto model = std::make_shared<serve::ServedModel>(
        name, folder,
        serve::OpenOptions{
            .precision = options.precision, .max_length = options.max_length, .others = service.models().all()});
    for (const std::string& note : model->bundle().notes) tell(note + "\n");
    const serve::ModelRef other = service.models().sharing_with(*model);
    tell(fmt::format("  {:<16} {}, {}, sha256 {}{}\n", name, model->bundle().task->name,
                     tasks::precision_text(model->bundle().model->precision()), model->hash().substr(0, 12),
                     other ? fmt::format(", over the encoder of {}", other->name()) : ""));
    service.warm_up(model);
    service.models().put(model);
  }
}

bool is_this_machine_alone(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

constexpr const char* kSummary =
    "Serves fine-tuned models and encoders over HTTP: a page to try them at /, text-embeddings-inference's routes\n"
    "(/embed, /predict, /rerank, /health, /metrics, /info), OpenAI's (/v1/embeddings, /v1/models), attune's own\n"
    "(/v1/predict, /v1/tag); all are described at /openapi.json. Texts of requests are never logged.\n"
    "  curl 127.0.0.1:8080/v1/predict -H 'Content-Type: application/json' -d '{\"inputs\": \"where is my card?\"}'\n"
    "SIGTERM and Ctrl-C let requests at hand finish.";

}  // namespace

int run_serve(const ArgumentList& arguments) {
  serve::ServeOptions options;
  OptionList list;
  options.visit(list);
  constexpr size_t kMostModels = 1000;
  const Arguments parsed = parse_arguments(arguments, list, kMostModels);
  if (parsed.help) {
    put(help_text("attune serve [NAME=]MODEL ... [options]", kSummary, list));
    return 0;
  }
  if (parsed.positional.empty())
    fail(ErrorKind::usage, "name at least one model folder: attune serve run/ (NAME=FOLDER gives it a name)");
  const std::vector<Named> models = named_models(parsed.positional);
  const ThreadChoice threads = choose_threads(options.threads);
  std::signal(SIGPIPE, SIG_IGN);  // a client that went away is an error of its connection
  serve::Service service(options, threads.threads, {.note = [](const std::string& line) { tell(line + "\n"); }});
  open_models(service, models, options);
  http::Server server(service, limits_of(options));
  service.start(server);
  const uint16_t port = server.listen(options.host, static_cast<uint16_t>(options.port));
  server.on_signals({SIGINT, SIGTERM}, [&](int signal) {
    tell(signal == SIGINT ? "\nstopping; requests at hand finish first\n"
                          : "stopping; requests at hand finish first\n");
    server.stop(std::chrono::milliseconds(static_cast<int64_t>(1000 * options.grace)));
  });
  if (options.token_file.empty() && !is_this_machine_alone(options.host))
    tell("note: whoever reaches this address may use the models; --token-file asks for a token\n");
  tell(fmt::format("listening at http://{}:{} ({}, {})\n",
                   options.host.find(':') == std::string::npos ? options.host : "[" + options.host + "]", port,
                   threads.threads == 1 ? "1 thread" : fmt::format("{} threads", threads.threads), threads.reason));
  server.run();
  service.stop();
  return 0;
}

}  // namespace attune::cli
