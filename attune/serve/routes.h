// The routes' answers, by whose interface they are. Each refuses by throwing a Refusal.
#pragma once
#include "attune/serve/service.h"

namespace attune::serve {

// text-embeddings-inference
void answer_embed(Service& service, const CallRef& call);
void answer_predict(Service& service, const CallRef& call);
void answer_rerank(Service& service, const CallRef& call);
void answer_health(Service& service, const CallRef& call);
void answer_info(Service& service, const CallRef& call);
void answer_metrics(Service& service, const CallRef& call);

// OpenAI
void answer_openai_embeddings(Service& service, const CallRef& call);
void answer_models(Service& service, const CallRef& call);

// attune
void answer_lines(Service& service, const CallRef& call);
void answer_tags(Service& service, const CallRef& call);
void answer_put_model(Service& service, const CallRef& call);
void answer_delete_model(Service& service, const CallRef& call);

void answer_page(Service& service, const CallRef& call);
void answer_openapi(Service& service, const CallRef& call);

// The page at / and the description at /openapi.json, as they are sent.
const std::string& page_html();
const std::string& openapi_json();

}  // namespace attune::serve
