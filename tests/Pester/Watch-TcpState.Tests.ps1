BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Watch-TcpState' {
    BeforeEach { $net = New-TcpNetwork }

    It 'leaves the time alone with -History' {
        $c = New-TcpConnection
        $before = $net.Now
        (Watch-TcpState -History).Count | Should -Be 4
        $net.Now | Should -Be $before
    }

    It 'filters by host and by state, in any spelling' {
        New-TcpConnection | Close-TcpConnection
        (Watch-TcpState -HostName client -State TIME_WAIT).To | Should -Be 'TimeWait'
        (Watch-TcpState -History -State SYN_RECV).Host | Should -Be 'server'
    }

    It 'filters by the port at either end, in a lab as well' {
        New-TcpListener 7 | Out-Null
        New-TcpConnection server:80 | Out-Null
        $c = New-TcpConnection server:7
        $changes = Watch-TcpState -History -Port 7
        $changes.Count | Should -Be 4
        $changes | ForEach-Object { 7 -in $_.Local.Port, $_.Remote.Port | Should -BeTrue }
        (Watch-TcpState -History -Port $c.Local.Port).Count | Should -Be 3
    }

    It 'has the filters of Get-TcpConnection -System, and each the same way' {
        $get, $watch = (Get-Command Get-TcpConnection, Watch-TcpState).ForEach{ , $_.ParameterSets.Where{ $_.Name -eq 'System' }.Parameters }
        foreach ($name in 'System', 'State', 'Port', 'LocalPort', 'RemotePort', 'LocalAddress', 'RemoteAddress') {
            $one, $other = ($get | Where-Object Name -EQ $name), ($watch | Where-Object Name -EQ $name)
            $other.ParameterType | Should -Be $one.ParameterType -Because $name
            $other.Attributes.TypeId.Name | Sort-Object | Should -Be ($one.Attributes.TypeId.Name | Sort-Object) -Because $name
        }
    }

    It 'stops after -Duration' {
        New-TcpConnection | Close-TcpConnection
        (Watch-TcpState -Duration 5s -HostName client | Select-Object -Last 1).To | Should -Be 'TimeWait'
        $net.Now.TotalSeconds | Should -BeLessThan 6
    }

    It 'shows both ends of one connection and nothing of another' {
        $first = New-TcpConnection
        New-TcpConnection | Close-TcpConnection -Abort
        $changes = $first | Watch-TcpState -History
        $changes.ConnectionId | Sort-Object -Unique | Should -Be 0, $first.Id, ($first.Id + 1)
    }
}

Describe 'Wait-TcpState' {
    BeforeEach { $net = New-TcpNetwork }

    It 'costs no time when the state is there' {
        $c = New-TcpConnection
        $before = $net.Now
        $c | Wait-TcpState Established, Closed
        $net.Now | Should -Be $before
    }

    It 'hands the connection on with -PassThru' {
        (New-TcpConnection -NoWait | Wait-TcpState ESTAB -PassThru).State | Should -Be 'Established'
    }
}

Describe 'Step-TcpNetwork' {
    BeforeEach { $net = New-TcpNetwork; $c = New-TcpConnection -NoWait }

    It 'goes event by event' {
        Step-TcpNetwork
        $net.Now.TotalSeconds | Should -Be 0.01
        Step-TcpNetwork -Count 2
        $net.Now.TotalSeconds | Should -Be 0.03
    }

    It 'goes for a while, even when nothing happens' {
        Step-TcpNetwork -For 90s
        $net.Now.TotalSeconds | Should -Be 90
    }

    It 'goes until a condition holds' {
        Step-TcpNetwork -Until { $c.State -eq 'Established' }
        $net.Now.TotalSeconds | Should -Be 0.02
    }

    It 'says when the condition cannot come' {
        Step-TcpNetwork -Until { $false } -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'ConditionNotReached,TcpShell.Commands.StepTcpNetworkCommand'
    }

    It 'goes until nothing is left' {
        $c | Wait-TcpState Established
        $c | Close-TcpConnection
        (Step-TcpNetwork -Idle -PassThru).NextEvent | Should -BeNullOrEmpty
        $c.State | Should -Be 'Closed'
    }

    It 'passes on an error of the condition' {
        { Step-TcpNetwork -Until { throw 'oops' } -ErrorAction Stop } | Should -Throw '*oops*'
    }
}
