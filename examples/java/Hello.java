// Answers one prompt, piece by piece:   java -cp libinfer.jar Hello.java MODEL.gguf ["PROMPT"]
import java.util.List;
import org.libinfer.InferException;
import org.libinfer.LLM;
import org.libinfer.Message;
import org.libinfer.Piece;
import org.libinfer.Request;
import org.libinfer.SamplingParams;

class Hello {
  public static void main(String[] args) {
    Message prompt = Message.user(args.length > 1 ? args[1] : "Hello!");
    SamplingParams params = SamplingParams.builder().temperature(0).build();
    try (LLM llm = LLM.open(args[0]); Request answer = llm.stream(List.of(prompt), params)) {
      for (Piece piece : answer) System.out.print(piece);
      System.out.println();
    } catch (InferException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
