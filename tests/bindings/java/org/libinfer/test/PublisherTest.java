package org.libinfer.test;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.libinfer.LLM;
import org.libinfer.Piece;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.SkipException;
import org.testng.annotations.Test;

/** Publishers by the rules of Reactive Streams, as its own test kit understands them. */
class PublisherTest {
  private static LLM llm;

  @BeforeAll
  static void open() {
    llm = Golden.tiny();
  }

  @AfterAll
  static void close() {
    llm.close();
  }

  /** So many pieces as it is asked for: answers of one token each. */
  static final class Kit extends FlowPublisherVerification<Piece> {
    Kit() {
      super(new TestEnvironment(1000, 100));
    }

    @Override
    public long maxElementsFromPublisher() {
      return 64;
    }

    @Override
    public Flow.Publisher<Piece> createFlowPublisher(long elements) {
      return llm.engine().publish("hello", Golden.exactly(1).toBuilder().n(elements).build());
    }

    @Override
    public Flow.Publisher<Piece> createFailedFlowPublisher() {
      return null; // a request is made, and may fail, when the first piece is asked for
    }
  }

  @TestFactory
  Stream<DynamicTest> rules() {
    return Arrays.stream(Kit.class.getMethods()).filter(m -> m.isAnnotationPresent(Test.class))
        .sorted(Comparator.comparing(Method::getName)).map(m -> DynamicTest.dynamicTest(m.getName(), () -> {
          Kit kit = new Kit();
          kit.setUp();
          try {
            m.invoke(kit);
          } catch (InvocationTargetException e) {
            Assumptions.assumeFalse(e.getCause() instanceof SkipException, () -> "left out: " + e.getCause().getMessage());
            throw e.getCause();
          }
        }));
  }
}
