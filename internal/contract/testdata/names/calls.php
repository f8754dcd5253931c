<?php
// Creates a session under each host name that it is given, through the proxy:
// by the curl extension where it is installed, else by the language's streams.
// Prints "NAME STATUS".
foreach (array_slice($argv, 1) as $name) {
    echo $name, ' ', post("https://$name/payments/v1/sessions"), "\n";
}

function post(string $url): int
{
    return function_exists('curl_init') ? byCurl($url) : byStream($url);
}

function byCurl(string $url): int
{
    $call = curl_init($url);
    curl_setopt_array($call, [
        CURLOPT_PROXY => 'http://' . getenv('PROXY'),
        CURLOPT_USERPWD => 'php:secret',
        CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
        CURLOPT_POSTFIELDS => getenv('CART'),
        CURLOPT_RETURNTRANSFER => true,
    ]);
    if (curl_exec($call) === false) {
        fwrite(STDERR, $url . ': ' . curl_error($call) . "\n");
    }
    return curl_getinfo($call, CURLINFO_RESPONSE_CODE);
}

function byStream(string $url): int
{
    $body = file_get_contents($url, false, stream_context_create(['http' => [
        'proxy' => 'tcp://' . getenv('PROXY'),
        'method' => 'POST',
        'header' => ['Content-Type: application/json', 'Authorization: Basic ' . base64_encode('php:secret')],
        'content' => getenv('CART'),
        'ignore_errors' => true,
    ]]));
    if ($body === false) {
        return 0;
    }
    // Before the server's answer stands the proxy's to CONNECT.
    $lines = preg_grep('{^HTTP/}', $http_response_header);
    return (int) explode(' ', end($lines))[1];
}
