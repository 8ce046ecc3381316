#include "attune/serve/service.h"

#include <ctime>
#include <future>
#include <strings.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "attune/base/error.h"
#include "attune/base/json.h"
#include "attune/base/utf8.h"
#include "attune/tasks/pairs.h"

namespace attune::serve {
namespace {

EngineOptions engine_options(const ServeOptions& o, int threads) {
  return {.threads = threads,
          .max_batch_tokens = o.max_batch_tokens,
          .queue_tokens = o.queue_tokens,
          .batch_delay = std::chrono::microseconds(static_cast<int64_t>(1000 * o.batch_delay_ms)),
          .deadline = std::chrono::milliseconds(static_cast<int64_t>(1000 * o.deadline))};
}

double seconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

bool is_json(const std::string& content_type) {
  return strcasecmp(content_type.substr(0, content_type.find_first_of("; ")).c_str(), "application/json") == 0;
}

// A route's path against a request's; {name} takes the last part.
bool fits(std::string_view pattern, std::string_view path, std::string* name) {
  const size_t brace = pattern.find("{name}");
  if (brace == std::string_view::npos) return pattern == path;
  if (!path.starts_with(pattern.substr(0, brace))) return false;
  const std::string_view rest = path.substr(brace);
  if (rest.empty() || rest.find('/') != std::string_view::npos) return false;
  *name = rest;
  return true;
}

std::string milliseconds(double value) {
  return fmt::format("{:.3f}", 1000 * value);
}

// As text-embeddings-inference names them.
void add_times(const Job& job, Clock::time_point arrived, http::Response& response) {
  int64_t characters = 0;
  for (const data::Example& row : job.rows)
    characters += static_cast<int64_t>(utf8::length(row.text) + utf8::length(row.text_pair));
  const auto add = [&](const char* name, std::string value) { response.headers.emplace_back(name, std::move(value)); };
  add("x-compute-type", "cpu");
  add("x-compute-characters", std::to_string(characters));
  add("x-compute-tokens", std::to_string(job.tokens()));
  add("x-total-time", milliseconds(seconds(arrived, Clock::now())));
  add("x-tokenization-time", milliseconds(seconds(arrived, job.arrived)));
  add("x-queue-time", milliseconds(seconds(job.arrived, job.begun)));
  add("x-inference-time", milliseconds(seconds(job.begun, job.ended)));
}

}  // namespace

Service::Service(const ServeOptions& options, int threads, Log log)
    : options_(options),
      log_(std::move(log)),
      tokens_(options.token_file.empty() ? Tokens() : Tokens(options.token_file)),
      admin_tokens_(options.admin_token_file.empty() ? Tokens() : Tokens(options.admin_token_file)),
      engine_(std::make_unique<Engine>(engine_options(options, threads))) {}

Service::~Service() {
  stop();
}

void Service::start(http::Server& server) {
  server_ = &server;
}

void Service::stop() {
  if (loader_.joinable()) loader_.join();  // it warms up what it has opened
  engine_.reset();
}

void Service::warm_up(const ModelRef& model) {
  auto job = std::make_unique<Job>();
  job->model = model;
  job->rows.push_back(example_of({.text = "hello"}, model->task(), 0));
  model->encode(job->rows[0], job->encoded);
  std::promise<void> ran;
  if (engine_->submit(std::move(job), [&](auto, auto, auto&) { ran.set_value(); })) return;  // busy, so it is warm
  ran.get_future().wait();
#ifdef __GLIBC__
  malloc_trim(0);  // what only opening needed: 3 MB of MiniLM's
#endif
}

const Route* Service::find(const http::Head& head, std::string* name, bool* known_path) const {
  const std::string_view method = head.method == "HEAD" ? "GET" : std::string_view(head.method);
  for (const Route& route : route_list()) {
    if (!fits(route.path, head.path, name)) continue;
    if (method == route.method) return &route;
    *known_path = true;
  }
  return nullptr;
}

bool Service::refuses(const http::Head& head, http::Response& answer) {
  const auto no = [&](Fault fault, std::string message) {
    answer = response({.fault = fault, .message = std::move(message)}, dialect_of(head.path));
    counters_.add({.route = "refused", .status = answer.status});
    return true;
  };
  std::string name;
  bool known_path = false;
  const Route* route = find(head, &name, &known_path);
  if (!route && !known_path) return no(Fault::not_found, "no such route (GET /openapi.json lists them)");
  if (!route) {
    no(Fault::method, fmt::format("this route does not take {} (GET /openapi.json lists them)", head.method));
    std::string allowed;
    for (const Route& each : route_list())
      if (std::string other; fits(each.path, head.path, &other))
        allowed += (allowed.empty() ? "" : ", ") + std::string(each.method);
    answer.headers.emplace_back("Allow", allowed);
    return true;
  }
  const bool admin = route->access == Route::Access::admin;
  if (admin && !admin_tokens_.any())
    return no(Fault::not_found, "models cannot be changed here: the server was started without --admin-token-file");
  if (admin ? !admin_tokens_.allow(head.authorization)
            : route->access == Route::Access::user && !tokens_.allow(head.authorization))
    return no(Fault::unauthorized, admin ? "this route needs an admin's token: Authorization: Bearer TOKEN"
                                         : "this server needs a token: Authorization: Bearer TOKEN");
  // Also keeps other sites' pages out: a browser sends this type across sites only after asking.
  if ((head.method == "POST" || head.method == "PUT") && !is_json(head.content_type))
    return no(Fault::media, "expected the header Content-Type: application/json");
  return false;
}

void Service::handle(http::Request request, http::Reply reply) {
  const auto call =
      std::make_shared<Call>(Call{.route = nullptr, .path = request.head.path, .reply = std::move(reply)});
  bool known_path = false;
  call->route = find(request.head, &call->name, &known_path);
  try {
    if (request.head.method == "POST" || request.head.method == "PUT") call->body = parse_body(request.body);
    call->route->answer(*this, call);
  } catch (const Refusal& why) {
    refuse_call(call, why);
  } catch (const Error& error) {  // of a row: what was wrong with it is what the user must know
    refuse_call(call, {.fault = error.kind() == ErrorKind::internal ? Fault::internal : Fault::schema,
                       .message = error.what()});
  }
}

http::Response Service::refusal(int status, const std::string& what) {
  counters_.add({.route = "refused", .status = status});
  http::Response answer = response({.fault = fault_of(status), .message = what}, Dialect::tei);
  answer.status = status;
  return answer;
}

std::unique_ptr<Job> Service::make_job(const ModelRef& model, std::vector<Input> inputs,
                                       const JobOptions& options) const {
  if (std::ssize(inputs) > options_.max_client_batch_size)
    refuse(Fault::validation, "{} texts are more than the {} that a request may have", inputs.size(),
           options_.max_client_batch_size);
  auto job = std::make_unique<Job>();
  job->model = model, job->features = options.features;
  for (size_t i = 0; i < inputs.size(); ++i) {
    data::Example& row = job->rows.emplace_back(example_of(inputs[i], model->task(), i));
    tasks::check_pair(model->bundle(), row.has_pair, [&] { return fmt::format("row {}", i + 1); });
    model->encode(row, job->encoded);
    if (!options.cut && job->encoded.truncated(static_cast<int64_t>(i)))
      refuse(Fault::validation,
             "text {} has {} pieces, more than the {} that the model reads; \"truncate\": true cuts it", i + 1,
             job->encoded.full_lengths()[i], model->bundle().encode.max_length);
  }
  return job;
}

void Service::run(const CallRef& call, std::unique_ptr<Job> job, std::function<std::string(const Job&)> body) {
  const auto done = [this, call, body = std::move(body)](std::unique_ptr<Job> ran, Outcome outcome,
                                                         const std::string& error) {
    // A function must be copyable, a job is not.
    std::shared_ptr<const Job> held(std::move(ran));
    server_->post([this, call, body, held, outcome, error] { finish_job(call, *held, outcome, error, body); });
  };
  if (const auto wait = engine_->submit(std::move(job), done))
    throw Refusal{Fault::overloaded, "the queue is full; try again later", *wait};
}

void Service::finish_job(const CallRef& call, const Job& job, Outcome outcome, const std::string& error,
                         const std::function<std::string(const Job&)>& body) {
  try {
    if (outcome == Outcome::too_late)
      refuse(Fault::too_late, "the request waited longer than {} s for its turn", options_.deadline);
    if (outcome == Outcome::failed) {
      log_.note(fmt::format("{}: {}", call->route->path, error));
      refuse(Fault::internal, "the model failed: {}", error);
    }
    check_finite(job);
    http::Response response{.body = body(job)};
    response.headers = {{"x-attune-model", job.model->name()}, {"x-attune-model-sha256", job.model->hash()}};
    add_times(job, call->arrived, response);
    finish(call, std::move(response), &job);
  } catch (const Refusal& why) {
    refuse_call(call, why);
  } catch (const Error& e) {
    refuse_call(call, {.fault = Fault::internal, .message = e.what()});
  }
}

void Service::answer(const CallRef& call, http::Response response) {
  finish(call, std::move(response), nullptr);
}

void Service::refuse_call(const CallRef& call, const Refusal& why) {
  finish(call, response(why, dialect_of(call->path)), nullptr);
}

void Service::finish(const CallRef& call, http::Response response, const Job* job) {
  Counters::Answered answered{
      .route = call->route->path, .status = response.status, .total = seconds(call->arrived, Clock::now())};
  if (job) {
    answered.queue = seconds(job->arrived, job->begun), answered.inference = seconds(job->begun, job->ended);
    answered.rows = std::ssize(job->rows), answered.tokens = job->tokens();
  }
  counters_.add(answered);
  if (options_.access_log)
    log_.note(fmt::format("{} {} {} {} {} texts {} pieces {:.2f} ms", now_text(), call->route->method,
                          call->route->path, response.status, answered.rows, answered.tokens, 1000 * answered.total));
  call->reply(std::move(response));
}

void Service::load(const CallRef& call, const std::string& name, const std::string& folder) {
  if (loading_) throw Refusal{Fault::overloaded, "another model is being loaded; try again when it is there", 5};
  if (loader_.joinable()) loader_.join();
  loading_ = true;
  loader_ = std::thread([this, call, name, folder, others = models_.all()] {
    ModelRef model;
    std::string error;
    try {
      model = std::make_shared<ServedModel>(
          name, folder,
          OpenOptions{.precision = options_.precision, .max_length = options_.max_length, .others = others});
      warm_up(model);
    } catch (const std::exception& e) {  // the old one goes on
      error = e.what();
    }
    server_->post([this, call, name, model, error] {
      loading_ = false;
      if (!model) {
        log_.note(fmt::format("model '{}' was not loaded: {}", name, error));
        return refuse_call(call, {.fault = Fault::schema, .message = error});
      }
      models_.put(model);
      log_.note(fmt::format("model '{}' is served now, sha256 {}", name, model->hash()));
      answer(call,
             {.body = json_text({{"id", name}, {"sha256", model->hash()}, {"task", model->bundle().task->name}})});
    });
  });
}

std::string Service::metrics() const {
  std::string text = counters_.text();
  const auto gauge = [&](const char* name, const char* help, double value) {
    write_metric(text, name, "gauge", help, value);
  };
  const auto counter = [&](const char* name, const char* help, int64_t value) {
    write_metric(text, name, "counter", help, static_cast<double>(value));
  };
  gauge("te_queue_size", "requests that wait or run", static_cast<double>(engine_->waiting_jobs()));
  gauge("attune_queue_tokens", "pieces that wait", static_cast<double>(engine_->waiting_tokens()));
  gauge("attune_connections", "open connections", static_cast<double>(server_->connections()));
  gauge("attune_models", "models that are served", static_cast<double>(models_.all().size()));
  gauge("attune_encoders", "encoders that they run", static_cast<double>(models_.encoders()));
  counter("attune_passes_total", "passes through a model", engine_->counts().passes);
  counter("attune_max_batch_tokens_total", "pieces of all passes", engine_->counts().tokens);
  write_metric(text, "attune_busy_seconds_total", "counter", "seconds in which a model ran",
               static_cast<double>(engine_->counts().busy_us) / 1e6);
  return text;
}

}  // namespace attune::serve
