# Prepares lesson 4: nothing but a network to come back to; Test-TcpScenario makes its own.
$net = New-TcpNetwork 'ghosts' -Empty
Remove-Variable three, two, ghost, ends -ErrorAction Ignore

# Your work starts here.
