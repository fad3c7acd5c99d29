// token_times.c in Java:   java -cp libinfer.jar TokenTimes.java SMALL-MODEL MODEL
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Locale;
import org.libinfer.FinishReason;
import org.libinfer.LLM;
import org.libinfer.Piece;
import org.libinfer.Request;
import org.libinfer.SamplingParams;

class TokenTimes {
  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    try (LLM small = LLM.open(args[0]); LLM large = LLM.open(args[1])) {
      for (String line; (line = in.readLine()) != null; ) {
        System.out.println(line.startsWith("p") ? read(small, 1, 256) : read(large, 128, 1));
        System.out.flush();
      }
    }
  }

  private static String read(LLM llm, int wanted, int samples) throws InterruptedException {
    int[] prompt = {5, 6, 7, 8, 9, 10, 11, 12};
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long begin = System.nanoTime();
    SamplingParams params =
        SamplingParams.builder().temperature(0).maxTokens(wanted).ignoreEnd(true).n(samples).build();
    int tokens = 0;
    int characters = 0;
    long cpu;
    try (Request request = llm.engine().submit(prompt, params)) {
      while (samples > 1 && request.usage().finish() == FinishReason.NONE) Thread.sleep(1);
      cpu = threads.getCurrentThreadCpuTime();
      for (Piece piece : request) {
        tokens += piece.tokens().length;
        characters += piece.text().length();
      }
      cpu = threads.getCurrentThreadCpuTime() - cpu;
    }
    return String.format(Locale.ROOT, "%.1f %d %.1f %d", (System.nanoTime() - begin) / 1e3, tokens, cpu / 1e3, characters);
  }
}
