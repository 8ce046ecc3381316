#include "attune/http/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/resource.h>
#include <unordered_set>

#include "attune/base/error.h"
#include "attune/http/session.h"

namespace attune::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// As many open files as connections need, or as the system lets.
void allow_files(size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

asio::ip::address address_of(const std::string& host) {
  if (host == "localhost") return asio::ip::address_v4::loopback();
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error)
    fail(ErrorKind::usage, "'{}' is no IP address; 127.0.0.1 is this machine alone, 0.0.0.0 every network it is on",
         host);
  return address;
}

}  // namespace

struct Server::Loop final : Sessions {
  Loop(Handler& h, const Limits& l) : handler(h), limits(l) {}

  void accept() {
    acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (stopping()) return;
      if (!error) begin(std::move(socket));
      if (!error) return accept();
      // No file left, or a client gone before it was taken: the others go on.
      pause.expires_after(std::chrono::milliseconds(50));
      pause.async_wait([this](boost::system::error_code) { accept(); });
    });
  }

  void begin(tcp::socket socket) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto session = std::make_shared<Session>(std::move(socket), handler, limits, *this);
    sessions.insert(session.get());
    ++open;
    sessions.size() > limits.connections ? session->turn_away() : session->start();
  }

  void ended(Session* session) override {
    open -= sessions.erase(session);
    if (stops && sessions.empty()) grace.cancel();
  }
  bool stopping() const override { return stops; }

  void close_all(bool at_once) {
    std::vector<std::shared_ptr<Session>> now;  // closing ends sessions
    for (Session* session : sessions)
      if (auto held = session->weak_from_this().lock()) now.push_back(std::move(held));
    for (const auto& session : now) session->close(at_once);
  }

  void stop(std::chrono::milliseconds most) {
    if (stops) return;
    stops = true;
    boost::system::error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
    signals.cancel(ignored);
    signals.clear(ignored);  // from now on a signal ends the program
    close_all(false);
    if (sessions.empty()) return;
    grace.expires_after(most);
    grace.async_wait([this](boost::system::error_code) { close_all(true); });
  }

  void await_signal(std::function<void(int)> then) {
    signals.async_wait([this, then = std::move(then)](boost::system::error_code error, int signal) {
      if (error) return;
      await_signal(then);
      then(signal);
    });
  }

  Handler& handler;
  Limits limits;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::signal_set signals{context};
  asio::steady_timer pause{context}, grace{context};
  std::unordered_set<Session*> sessions;
  std::atomic<size_t> open = 0;
  bool stops = false;
};

Server::Server(Handler& handler, const Limits& limits) : loop_(std::make_unique<Loop>(handler, limits)) {}

Server::~Server() {
  // Handlers that are still queued hold sessions, which speak to the loop as they go.
  loop_->stops = true;
  loop_->close_all(true);
  loop_->context.restart();
  loop_->context.poll();
}

uint16_t Server::listen(const std::string& host, uint16_t port) {
  allow_files(loop_->limits.connections + 256);
  const tcp::endpoint endpoint(address_of(host), port);
  try {
    loop_->acceptor.open(endpoint.protocol());
    loop_->acceptor.set_option(tcp::acceptor::reuse_address(true));
    loop_->acceptor.bind(endpoint);
    loop_->acceptor.listen(4096);
  } catch (const boost::system::system_error& error) {
    fail(ErrorKind::io, "cannot listen at {} port {}: {}; is another server running there? (--port N takes another)",
         host, port, error.code().message());
  }
  loop_->accept();
  return loop_->acceptor.local_endpoint().port();
}

void Server::run() {
  loop_->context.run();
}

void Server::stop(std::chrono::milliseconds grace) {
  post([this, grace] { loop_->stop(grace); });
}

void Server::on_signals(const std::vector<int>& signals, std::function<void(int)> then) {
  for (const int signal : signals) loop_->signals.add(signal);
  loop_->await_signal(std::move(then));
}

void Server::post(std::function<void()> then) {
  asio::post(loop_->context, std::move(then));
}

size_t Server::connections() const {
  return loop_->open;
}

}  // namespace attune::http
