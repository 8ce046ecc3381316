#include "attune/serve/routes.h"

namespace attune::serve {

const std::vector<Route>& route_list() {
  using Access = Route::Access;
  static const std::vector<Route> kRoutes{
      {"GET", "/", Access::open, answer_page, "A page to try the models by hand", "", "text/html"},
      {"GET", "/health", Access::open, answer_health, "200 while a model is served", "", ""},
      {"GET", "/openapi.json", Access::open, answer_openapi, "This description", "", "application/json"},
      {"GET", "/info", Access::user, answer_info, "The first model and the server's limits (text-embeddings-inference)",
       "", "Info"},
      {"GET", "/metrics", Access::user, answer_metrics, "Counters for Prometheus", "", "text/plain"},
      {"POST", "/embed", Access::user, answer_embed, "Vectors of texts (text-embeddings-inference)", "EmbedRequest",
       "EmbedResponse"},
      {"POST", "/predict", Access::user, answer_predict,
       "Labels with scores, largest first (text-embeddings-inference)", "PredictRequest", "PredictResponse"},
      {"POST", "/rerank", Access::user, answer_rerank,
       "Texts ordered by their score against a query (text-embeddings-inference)", "RerankRequest", "RerankResponse"},
      {"POST", "/v1/embeddings", Access::user, answer_openai_embeddings, "Vectors of texts (OpenAI)",
       "EmbeddingsRequest", "EmbeddingsResponse"},
      {"GET", "/v1/models", Access::user, answer_models, "The models that are served (OpenAI, with more of each)", "",
       "Models"},
      {"POST", "/v1/predict", Access::user, answer_lines, "What attune predict says of each row", "RowsRequest",
       "RowsResponse"},
      {"POST", "/v1/tag", Access::user, answer_tags, "Entities with their place in the text, in characters",
       "RowsRequest", "RowsResponse"},
      {"PUT", "/v1/models/{name}", Access::admin, answer_put_model,
       "Load a model, or the one of that name again; the old one answers until the new one is there", "PutModelRequest",
       "PutModelResponse"},
      {"DELETE", "/v1/models/{name}", Access::admin, answer_delete_model,
       "Unload a model; requests at hand still get their answers", "", "DeleteModelResponse"},
  };
  return kRoutes;
}

void answer_page(Service& service, const CallRef& call) {
  // Nothing from elsewhere, and nowhere else to send texts to.
  service.answer(call, {.body = page_html(),
                        .content_type = "text/html; charset=utf-8",
                        .headers = {{"Content-Security-Policy",
                                     "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                                     "connect-src 'self'; img-src data:; form-action 'none'; frame-ancestors 'none'"},
                                    {"X-Content-Type-Options", "nosniff"},
                                    {"Referrer-Policy", "no-referrer"}}});
}

void answer_openapi(Service& service, const CallRef& call) {
  service.answer(call, {.body = openapi_json()});
}

}  // namespace attune::serve
