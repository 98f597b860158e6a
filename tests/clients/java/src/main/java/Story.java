import io.camunda.zeebe.client.ZeebeClient;
import io.camunda.zeebe.client.api.command.ClientStatusException;
import io.camunda.zeebe.client.api.response.ActivatedJob;
import io.camunda.zeebe.client.api.worker.JobClient;
import io.grpc.Status;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The Java client, over gRPC, polling or streaming. */
public final class Story {
  private static final String REST = System.getenv("REST");
  private static final String MODELS = System.getenv("MODELS");

  private record Attempt(long instance, int retries) {}

  public static void main(String[] arguments) throws Exception {
    boolean stream = arguments[0].equals("stream");
    List<Attempt> seen = new CopyOnWriteArrayList<>();
    List<Long> notified = new CopyOnWriteArrayList<>();
    try (ZeebeClient client = ZeebeClient.newClientBuilder()
        .grpcAddress(URI.create("http://" + System.getenv("GRPC")))
        .restAddress(URI.create(REST)).preferRestOverGrpc(false).usePlaintext().build()) {
      check(client.newTopologyRequest().send().join().getPartitionsCount() == 1, "topology");
      client.newDeployResourceCommand().addResourceFile(MODELS + "/order.bpmn")
          .addResourceFile(MODELS + "/simple.bpmn").send().join();
      // Before anybody works on it, so that no worker is in the middle of it.
      client.newCancelInstanceCommand(client.newCreateInstanceCommand().bpmnProcessId("simple")
          .latestVersion().send().join().getProcessInstanceKey()).send().join();
      open(client, "work", stream, (jobs, job) -> jobs.newCompleteCommand(job)
          .variables(Map.of("doubled", (Integer) job.getVariable("amount") * 2)).send().join());
      open(client, "notify", stream, (jobs, job) -> {
        notified.add(job.getProcessInstanceKey());
        jobs.newCompleteCommand(job).send().join();
      });
      open(client, "charge", stream, (jobs, job) -> charge(seen, jobs, job));

      var result = client.newCreateInstanceCommand().bpmnProcessId("simple").latestVersion()
          .variables(Map.of("amount", 21)).withResult().requestTimeout(Duration.ofSeconds(30))
          .send().join();
      check(Integer.valueOf(42).equals(result.getVariable("doubled")), "result");

      long good = start(client, "good", 1);
      until("the job", () -> attempts(seen, good) == 1);
      client.newPublishMessageCommand().messageName("shipped").correlationKey("java-1")
          .timeToLive(Duration.ofMinutes(1)).variables(Map.of("parcel", 7)).send().join();
      until("the message", () -> notified.contains(good));

      long flaky = start(client, "flaky", 2);
      until("the second attempt", () -> seen.contains(new Attempt(flaky, 2)));
      long limit = start(client, "limit", 3);
      until("the job", () -> attempts(seen, limit) == 1);
      until("its end", () -> refused(() -> client.newCancelInstanceCommand(limit).send().join())
          == Status.Code.NOT_FOUND);

      long broken = start(client, "broken", 4);
      until("the incident", () -> !incident(broken, "incidentKey").isEmpty());
      client.newSetVariablesCommand(broken).variables(Map.of("fixed", true)).send().join();
      long job = Long.parseLong(incident(broken, "jobKey"));
      long incident = Long.parseLong(incident(broken, "incidentKey"));
      client.newUpdateRetriesCommand(job).retries(1).send().join();
      client.newResolveIncidentCommand(incident).send().join();
      until("no incident", () -> incident(broken, "incidentKey").isEmpty());
      until("the repaired job", () -> attempts(seen, broken) == 2);

      check(refused(() -> client.newCreateInstanceCommand().bpmnProcessId("nobody")
          .latestVersion().send().join()) == Status.Code.NOT_FOUND, "unknown process");
    }
    System.out.println("java " + arguments[0] + ": ok");
    System.exit(0);
  }

  private static void charge(List<Attempt> seen, JobClient jobs, ActivatedJob job) {
    seen.add(new Attempt(job.getProcessInstanceKey(), job.getRetries()));
    String mode = (String) job.getVariable("mode");
    if (mode.equals("limit")) {
      jobs.newThrowErrorCommand(job).errorCode("LIMIT").send().join();
    } else if (mode.equals("flaky") && job.getRetries() == 3) {
      jobs.newFailCommand(job).retries(2).retryBackoff(Duration.ofMillis(50)).send().join();
    } else if (mode.equals("broken") && !job.getVariablesAsMap().containsKey("fixed")) {
      jobs.newFailCommand(job).retries(0).errorMessage("broken").send().join();
    } else {
      jobs.newCompleteCommand(job).variables(Map.of("charged", true)).send().join();
    }
  }

  private interface Handler {
    void handle(JobClient jobs, ActivatedJob job);
  }

  private static void open(ZeebeClient client, String type, boolean stream, Handler handler) {
    client.newWorker().jobType(type).handler(handler::handle).timeout(Duration.ofMinutes(1))
        .streamEnabled(stream).open();
  }

  private static long start(ZeebeClient client, String mode, int number) {
    return client.newCreateInstanceCommand().bpmnProcessId("order").latestVersion()
        .variables(Map.of("mode", mode, "orderId", "java-" + number)).send().join()
        .getProcessInstanceKey();
  }

  private static long attempts(List<Attempt> seen, long instance) {
    return seen.stream().filter(attempt -> attempt.instance() == instance).count();
  }

  private static Status.Code refused(Runnable call) {
    try {
      call.run();
      return Status.Code.OK;
    } catch (ClientStatusException error) {
      return error.getStatusCode();
    }
  }

  private static String incident(long instance, String field) throws Exception {
    // A resolved incident stays in the search; what is asked is whether one is open.
    String body = "{\"filter\":{\"state\":\"ACTIVE\",\"processInstanceKey\":\"" + instance
        + "\"}}";
    HttpRequest request = HttpRequest.newBuilder(URI.create(REST + "/v2/incidents/search"))
        .header("content-type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body)).build();
    String answer = HttpClient.newHttpClient()
        .send(request, HttpResponse.BodyHandlers.ofString()).body();
    Matcher found = Pattern.compile("\"" + field + "\":\"(\\d+)\"").matcher(answer);
    return found.find() ? found.group(1) : "";
  }

  private static void until(String what, Callable<Boolean> condition) throws Exception {
    for (int left = 800; left > 0; left--) {
      if (condition.call()) {
        return;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("waited in vain for " + what);
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("not as expected: " + what);
    }
  }
}
