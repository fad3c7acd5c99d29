/**
 * Runs language models from GGUF files on the processor at hand. Begin at {@link org.libinfer.LLM}:
 *
 * <pre>{@code
 * try (LLM llm = LLM.open("model.gguf")) {
 *   System.out.println(llm.chat("Name the capital of France."));
 * }
 * }</pre>
 *
 * <p>Under it are {@link org.libinfer.InferRuntime}, {@link org.libinfer.Model}, {@link org.libinfer.Engine} and {@link
 * org.libinfer.Request}: the handles of the C library. Each may be closed in any order; what is forgotten is closed once the
 * garbage collector finds it. Except where a class says so, any number of threads may use an object at a time.
 *
 * <p>Every failure is an {@link org.libinfer.InferException}, whose hint says what to do.
 */
@NullMarked
package org.libinfer;

import org.jspecify.annotations.NullMarked;
