# Prepares lesson 2: client, server and an echo service on port 80, 10 ms apart.
$net = New-TcpNetwork 'lost-syn-ack' -Seed 2
Remove-Variable openedAt, synCount, rtoWithData -ErrorAction Ignore

# Your work starts here.
