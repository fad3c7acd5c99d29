// A chat in the terminal; an empty line ends it:   java -cp libinfer.jar Chat.java MODEL.gguf
// What was said stays computed, so each turn costs only what is new.
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;
import org.libinfer.InferException;
import org.libinfer.LLM;
import org.libinfer.Message;
import org.libinfer.Piece;
import org.libinfer.Prompt;
import org.libinfer.Request;
import org.libinfer.SamplingParams;

class Chat {
  public static void main(String[] args) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    Scanner in = new Scanner(System.in, StandardCharsets.UTF_8);
    SamplingParams params = SamplingParams.builder().temperature(0.7).maxTokens(200).build();
    try (LLM llm = LLM.open(args[0]); Prompt chat = llm.prompt()) {
      for (int turn = 1; ; ++turn) {
        out.print("> ");
        out.flush();
        String line = in.hasNextLine() ? in.nextLine() : "";
        if (line.isBlank()) break;
        chat.append(Message.user(line));
        try (Request answer = chat.stream("answer " + turn, params)) {
          for (Piece piece : answer) {
            out.print(piece);
            out.flush();
          }
        }
        out.println();
      }
    } catch (InferException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
