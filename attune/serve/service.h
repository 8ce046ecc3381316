// Requests in, answers out: routes, limits, who may; what a server's loop calls.
//
// Everything but the engine and the loading of models happens on the loop's thread.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "attune/http/server.h"
#include "attune/serve/answers.h"
#include "attune/serve/counters.h"
#include "attune/serve/engine.h"
#include "attune/serve/inputs.h"
#include "attune/serve/model_set.h"
#include "attune/serve/refusal.h"
#include "attune/serve/serve_options.h"
#include "attune/serve/tokens.h"

namespace attune::serve {

class Service;
struct Route;

// A request on its way.
struct Call {
  const Route* route;
  std::string path;
  std::string name = {};  // what stands for {name} in the route's path
  nlohmann::json body = {};
  http::Reply reply;
  Clock::time_point arrived = Clock::now();
};
using CallRef = std::shared_ptr<Call>;

struct Route {
  enum class Access { open, user, admin };
  const char* method;
  const char* path;  // ends in {name} where the last part is a model's
  Access access;
  void (*answer)(Service&, const CallRef&);
  // For /openapi.json; schemas are those of openapi.cpp.
  const char* summary;
  const char* request;   // schema; "": no body
  const char* response;  // schema; "text/...", "application/json": of that type; "": no body
};

// Every route.
const std::vector<Route>& route_list();

class Service final : public http::Handler {
 public:
  struct Log {
    std::function<void(const std::string&)> note;  // a line for who runs the service; never a text of a request
  };
  // Errors: those of Tokens.
  Service(const ServeOptions& options, int threads, Log log);
  ~Service() override;

  // `server` outlives stop().
  void start(http::Server& server);
  // After the server's run(): waits for the engine and the loader.
  void stop();

  bool refuses(const http::Head& head, http::Response& answer) override;
  void handle(http::Request request, http::Reply reply) override;
  http::Response refusal(int status, const std::string& what) override;

  // Runs a word through a model, so that its first request does not pay for memory and products that are made once.
  // From any thread but the loop's, before the model is put.
  void warm_up(const ModelRef& model);

  // For routes.
  const ServeOptions& options() const { return options_; }
  ModelSet& models() { return models_; }
  const Engine& engine() const { return *engine_; }
  http::Server& server() { return *server_; }

  struct JobOptions {
    bool features = false;
    bool cut = true;  // texts that are too long; else they are refused
  };
  std::unique_ptr<Job> make_job(const ModelRef& model, std::vector<Input> inputs, const JobOptions& options) const;
  // Runs it; then `body` makes the answer, on the loop's thread.
  void run(const CallRef& call, std::unique_ptr<Job> job, std::function<std::string(const Job&)> body);
  void answer(const CallRef& call, http::Response response);
  void refuse_call(const CallRef& call, const Refusal& why);
  // Opens a model beside the loop, then puts it in its place or says why not; the old one serves on until then.
  void load(const CallRef& call, const std::string& name, const std::string& folder);
  std::string metrics() const;

 private:
  const Route* find(const http::Head& head, std::string* name, bool* known_path) const;
  void finish(const CallRef& call, http::Response response, const Job* job);
  void finish_job(const CallRef& call, const Job& job, Outcome outcome, const std::string& error,
                  const std::function<std::string(const Job&)>& body);

  ServeOptions options_;
  Log log_;
  Tokens tokens_, admin_tokens_;
  ModelSet models_;
  Counters counters_;
  std::unique_ptr<Engine> engine_;
  http::Server* server_ = nullptr;
  std::thread loader_;
  bool loading_ = false;
};

}  // namespace attune::serve
