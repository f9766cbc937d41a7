# Prepares lesson 3: a connection between a client and a server that is driven by hand.
$net = New-TcpNetwork 'four-way-close' -Seed 3
New-TcpListener 7 -Application Manual | Out-Null
$client = New-TcpConnection server:7
Step-TcpNetwork -For 10ms
$server = Get-TcpConnection -HostName server -Port 7 -State Established
Remove-Variable timeWait -ErrorAction Ignore

# Your work starts here.
