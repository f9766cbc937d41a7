BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Set-TcpConnection' {
    BeforeEach {
        $net = New-TcpNetwork
        $c = New-TcpConnection
    }

    It 'turns keep-alive on and off (MUST-24)' {
        $c | Set-TcpConnection -Option @{ KeepAlive = $true; KeepAliveIdle = '10s' }
        $c.Settings.KeepAlive | Should -BeTrue
        Step-TcpNetwork -For 15s
        $c.Counters.KeepAliveProbes | Should -Be 1
        $c | Set-TcpConnection -Option @{ KeepAlive = $false }
        Step-TcpNetwork -For 60s
        $c.Counters.KeepAliveProbes | Should -Be 1
        $c.State | Should -Be 'Established'
    }

    It 'lets go what Nagle held back (MUST-17)' {
        Add-TcpImpairment -Drop -From client -DataOnly -Count 1 | Out-Null
        $c | Send-TcpData 'a' -NoWait -PassThru | Send-TcpData 'b' -NoWait
        @(Get-TcpSegment -Data).Count | Should -Be 1
        $c | Set-TcpConnection -Option @{ Nagle = $false }
        @(Get-TcpSegment -Data).Count | Should -Be 2
    }

    It 'hands the connection on with -PassThru, and takes several from the pipeline' {
        $d = New-TcpConnection
        $out = $c, $d | Set-TcpConnection -Option @{ R2 = 4 } -PassThru
        $out | Should -Be $c, $d
        $c.Settings.R2, $d.Settings.R2 | Should -Be 4, 4
        $c | Set-TcpConnection -Option @{ R1 = 2 } | Should -BeNullOrEmpty
    }

    It 'changes no other connection, and not its host' {
        $d = New-TcpConnection
        $c | Set-TcpConnection -Option @{ TimeToLive = 1 }
        $d.Settings.TimeToLive, $c.Owner.Settings.TimeToLive | Should -Be 64, 64
    }

    It 'refuses what the handshake has fixed, by name' {
        $c | Set-TcpConnection -Option @{ WindowScaling = $false; Nagle = $false } -ErrorAction SilentlyContinue -ErrorVariable refused
        $refused[0].FullyQualifiedErrorId | Should -Be 'SettingFixed,TcpShell.Commands.SetTcpConnectionCommand'
        $refused[0].Exception.Message | Should -BeLike '*WindowScaling.*'
        $refused[0].ErrorDetails.RecommendedAction | Should -BeLike '*New-TcpConnection -Option*'
        $refused[0].TargetObject | Should -Be $c
        $c.Settings.Nagle | Should -BeTrue
    }

    It 'refuses names and values that cannot be' {
        { $c | Set-TcpConnection -Option @{ Nagel = $false } } | Should -Throw -ErrorId 'UnknownOption,*'
        { $c | Set-TcpConnection -Option @{ TimeToLive = 256 } } | Should -Throw -ErrorId 'ValueOutOfRange,*'
    }

    It 'reports a connection that is over' {
        $c | Close-TcpConnection -Abort
        { $c | Set-TcpConnection -Option @{ Nagle = $false } -ErrorAction Stop } | Should -Throw -ErrorId 'ConnectionDoesNotExist,*'
    }

    It 'counts for the connections that a listener accepts from then on' {
        $listener = Get-TcpConnection -State Listen | Select-Object -First 1
        $listener | Set-TcpConnection -Option @{ Nagle = $false }
        $later = New-TcpConnection
        Step-TcpNetwork -For 1s
        (Get-TcpConnection -HostName server -State Established | Select-Object -Last 1).Settings.Nagle | Should -BeFalse
        $later.Settings.Nagle | Should -BeTrue
    }
}
