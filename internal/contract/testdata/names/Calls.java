import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Base64;

/** Creates a session under each host name that it is given and prints "NAME STATUS". */
class Calls {
    public static void main(String[] names) throws Exception {
        var client = HttpClient.newBuilder().proxy(ProxySelector.getDefault()).build();
        var credentials = Base64.getEncoder().encodeToString("java:secret".getBytes());
        for (var name : names) {
            var request = HttpRequest.newBuilder(URI.create("https://" + name + "/payments/v1/sessions"))
                .header("Content-Type", "application/json")
                .header("Authorization", "Basic " + credentials)
                .POST(HttpRequest.BodyPublishers.ofString(System.getenv("CART")))
                .build();
            System.out.println(name + " " + client.send(request, BodyHandlers.discarding()).statusCode());
        }
    }
}
