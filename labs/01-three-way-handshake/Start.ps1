# Prepares lesson 1: a client and a server, 10 ms apart. Nothing listens yet.
$net = New-TcpNetwork 'handshake' -Empty -Seed 1
$net | New-TcpHost client, server | Out-Null
Remove-Variable clientIsn, serverIsn, thirdAck -ErrorAction Ignore

# Your work starts here.
