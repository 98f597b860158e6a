import io.camunda.client.CamundaClient;
import io.camunda.client.CamundaClientBuilder;
import io.camunda.client.api.command.ProblemException;
import io.camunda.client.api.response.ActivatedJob;
import io.camunda.client.api.search.enums.IncidentState;
import io.camunda.client.api.search.enums.ProcessInstanceState;
import io.camunda.client.impl.oauth.OAuthCredentialsProviderBuilder;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** The newer Java client, over REST and over gRPC, with searches; with OAuth if told to. */
public final class RestStory {
  private static final String MODELS = System.getenv("MODELS");

  public static void main(String[] arguments) throws Exception {
    boolean rest = arguments[0].equals("rest");
    CamundaClientBuilder builder = CamundaClient.newClientBuilder()
        .grpcAddress(URI.create("http://" + System.getenv("GRPC")))
        .restAddress(URI.create(System.getenv("REST"))).preferRestOverGrpc(rest);
    String id = System.getenv("CLIENT_ID");
    if (id != null) {
      builder.credentialsProvider(new OAuthCredentialsProviderBuilder()
          .authorizationServerUrl(System.getenv("REST") + "/oauth/token").audience("grevy")
          .clientId(id).clientSecret(System.getenv("CLIENT_SECRET"))
          .credentialsCachePath(System.getenv("CACHE")).build());
    }
    try (CamundaClient client = builder.build()) {
      story(client);
    }
    System.exit(0);
  }

  private static void story(CamundaClient client) throws Exception {
    check(client.newTopologyRequest().send().join().getPartitionsCount() == 1, "topology");
    String model = Files.readString(Path.of(MODELS, "simple.bpmn"));
    var deployed = client.newDeployResourceCommand()
        .addResourceStringUtf8(model, "größe.bpmn").send().join().getProcesses().get(0);
    check(deployed.getResourceName().equals("größe.bpmn"), deployed.getResourceName());
    check(refused(404, () -> client.newCreateInstanceCommand().bpmnProcessId("none")
        .latestVersion().send().join()), "an unknown process");

    long first = create(client, 1);
    ActivatedJob job = activate(client).get(0);
    check(job.getProcessInstanceKey() == first, "the job of the instance");
    client.newFailCommand(job).retries(0).errorMessage("no stock").send().join();
    var incidents = client.newIncidentSearchRequest()
        .filter(filter -> filter.processInstanceKey(first).state(IncidentState.ACTIVE))
        .send().join().items();
    check(incidents.size() == 1 && incidents.get(0).getErrorMessage().equals("no stock"),
        "incidents: " + incidents);
    client.newUpdateRetriesCommand(job).retries(1).send().join();
    client.newResolveIncidentCommand(incidents.get(0).getIncidentKey()).send().join();
    client.newCompleteCommand(activate(client).get(0)).variables(Map.of("done", true)).send().join();
    check(refused(404, () -> client.newCompleteCommand(job).send().join()), "a job that is gone");

    long second = create(client, 2);
    var running = client.newProcessInstanceSearchRequest()
        .filter(filter -> filter.processDefinitionId("simple").state(ProcessInstanceState.ACTIVE))
        .send().join().items();
    check(running.size() == 1 && running.get(0).getProcessInstanceKey() == second, "active");
    var both = client.newProcessInstanceSearchRequest()
        .filter(filter -> filter.processInstanceKey(key -> key.in(first, second)))
        .sort(sort -> sort.processInstanceKey().desc()).page(page -> page.limit(1)).send().join();
    check(both.page().totalItems() == 2 && both.items().get(0).getProcessInstanceKey() == second,
        "sorted, of two: " + both.items());
    var jobs = client.newJobSearchRequest()
        .filter(filter -> filter.type("work").processInstanceKey(second)).send().join().items();
    check(jobs.size() == 1, "jobs: " + jobs);
    var variables = client.newVariableSearchRequest()
        .filter(filter -> filter.processInstanceKey(second).name("amount")).send().join().items();
    check(variables.size() == 1 && variables.get(0).getValue().equals("2"), "variables");
    client.newCancelInstanceCommand(second).send().join();
    check(refused(404, () -> client.newCancelInstanceCommand(second).send().join()), "twice");

    try (var worker = client.newWorker().jobType("work").handler((jobs2, taken) ->
        jobs2.newCompleteCommand(taken).variables(Map.of("doubled",
            (Integer) taken.getVariable("amount") * 2)).send().join()).open()) {
      var result = client.newCreateInstanceCommand().bpmnProcessId("simple").latestVersion()
          .variables(Map.of("amount", 21)).withResult().requestTimeout(Duration.ofSeconds(30))
          .send().join();
      check(Integer.valueOf(42).equals(result.getVariable("doubled")), "result");
    }
  }

  private static long create(CamundaClient client, int amount) {
    return client.newCreateInstanceCommand().bpmnProcessId("simple").latestVersion()
        .variables(Map.of("amount", amount)).send().join().getProcessInstanceKey();
  }

  private static List<ActivatedJob> activate(CamundaClient client) {
    return client.newActivateJobsCommand().jobType("work").maxJobsToActivate(1)
        .timeout(Duration.ofMinutes(1)).requestTimeout(Duration.ofSeconds(20)).send().join()
        .getJobs();
  }

  /** REST says it as a status; gRPC has a code for each. */
  private static boolean refused(int status, Callable<?> call) throws Exception {
    try {
      call.call();
      return false;
    } catch (ProblemException problem) {
      return problem.code() == status;
    } catch (io.camunda.client.api.command.ClientStatusException refused) {
      return refused.getStatusCode() == io.grpc.Status.Code.NOT_FOUND;
    }
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
