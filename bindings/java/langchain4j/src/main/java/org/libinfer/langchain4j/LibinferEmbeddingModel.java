package org.libinfer.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.output.TokenUsage;
import java.util.ArrayList;
import java.util.List;
import org.libinfer.Completion;
import org.libinfer.LLM;
import org.libinfer.SamplingParams;

/** Vectors of texts, computed in this process: the mean of the last layer's rows, of length 1. */
public final class LibinferEmbeddingModel implements EmbeddingModel {
  private final LLM llm;

  /**
   * An embedding model that computes with what is open already.
   *
   * @param llm stays the caller's, who closes it
   */
  public LibinferEmbeddingModel(LLM llm) {
    this.llm = llm;
  }

  @Override
  public Response<List<Embedding>> embedAll(List<TextSegment> segments) {
    List<String> texts = new ArrayList<>();
    for (TextSegment s : segments) texts.add(s.text());
    List<Embedding> vectors = new ArrayList<>();
    int tokens = 0;
    for (Completion c : llm.generate(texts, SamplingParams.builder().embed("mean").build())) {
      vectors.add(Embedding.from(c.embedding()));
      tokens += (int) c.usage().promptTokens();
    }
    return Response.from(vectors, new TokenUsage(tokens));
  }

  @Override
  public int dimension() {
    return (int) llm.model().fact("n_embd");
  }
}
