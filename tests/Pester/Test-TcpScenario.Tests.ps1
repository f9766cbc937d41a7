BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Test-TcpScenario' {
    It 'lists its scenarios' {
        $all = Test-TcpScenario -ListAvailable
        $all.Name | Should -Contain 'OldDuplicateSyn'
        $all.Name | Should -Be ([TcpShell.Exploration.NamedScenarios]::Names)
        $all.Description | Should -Match '^[A-Z].+\.$'
    }

    It 'finds nothing wrong with a handshake, and says how much it has seen' {
        $result = Test-TcpScenario Handshake -MaximumFaults 1
        $result.Verdict | Should -Be 'Holds'
        $result.States | Should -BeGreaterThan 50
        $result.Faults | Should -Be 1
        $result.Counterexample | Should -BeNullOrEmpty
        $result.Transitions.To | Should -Contain 'Established'
    }

    It 'finds the ghost of a two-way handshake, by one step (P14)' {
        $result = Test-TcpScenario OldDuplicateSyn -Option @{ TwoWayHandshake = $true }
        $result.Verdict | Should -Be 'Violated'
        $result.Counterexample.Property | Should -Be 'NoGhost'
        $result.Counterexample.Steps | ForEach-Object ToString | Should -Be '1 deliver packet 1 (SYN, client -> server)'
    }

    It 'gives the counterexample as a network that other cmdlets show, and that goes on' {
        $network = (Test-TcpScenario OldDuplicateSynOnly -Option @{ TwoWayHandshake = $true }).Counterexample.Network
        (Get-TcpSegment -Network $network)[0].Flags | Should -Be 'SYN'
        ConvertTo-TcpDiagram -Network $network | Out-String | Should -Match 'Established'
        Step-TcpNetwork -Network $network -Idle
        (Get-TcpConnection -Network $network -State Established).Host | Should -Be 'server' -Because 'with two segments nobody refuses the ghost'
    }

    It 'takes scenarios from the pipeline, and wildcards' {
        (Test-TcpScenario -ListAvailable | Where-Object Name -Like 'Close*First' | Test-TcpScenario -MaximumFaults 0).Name |
            Should -Be 'CloseClientFirst', 'CloseServerFirst'
        (Test-TcpScenario OldDup* -MaximumFaults 0).Name | Should -Be 'OldDuplicateSyn', 'OldDuplicateSynOnly'
    }

    It 'explores with numbers that wrap around, and with another profile' {
        (Test-TcpScenario ThreeSegments -WrapAround -Profile rfc -MaximumFaults 1).Verdict | Should -Be 'Holds'
    }

    It 'explores a lab of one''s own' {
        $result = Test-TcpScenario -MaximumFaults 1 -ScriptBlock {
            New-TcpConnection | Send-TcpData 'hello' -NoWait
        } -Assert { param($lab) ($lab.Connections | Where-Object Host -EQ client).Received -eq 5 }
        $result.Verdict | Should -Be 'Holds'
        $result.Ends | Should -BeGreaterThan 1
    }

    It 'says by which steps an assertion fails: <Case>' -ForEach @(
        @{ Case = 'false'; Assert = { param($lab) $lab.Trace.Count -lt 5 }; Problem = '*is not so.' }
        @{ Case = 'thrown'; Assert = { throw 'not good' }; Problem = 'not good' }
        @{ Case = 'Pester'; Assert = { (Get-TcpConnection -State Established).Count | Should -Be 0 }; Problem = '*Expected*' }
    ) {
        $result = Test-TcpScenario -MaximumFaults 0 -ScriptBlock { New-TcpConnection -NoWait | Out-Null } -Assert $Assert
        if ($Case -eq 'false') {
            $result.Verdict | Should -Be 'Holds'
            $result = Test-TcpScenario -MaximumFaults 2 -ScriptBlock { New-TcpConnection -NoWait | Out-Null } -Assert $Assert
        }
        $result.Verdict | Should -Be 'Violated'
        $result.Counterexample.Property | Should -Be 'Assert'
        $result.Counterexample.Problem | Should -BeLike $Problem
        $result.Counterexample.Steps.Count | Should -BeGreaterThan 2
    }

    It 'explores the network that the script block makes' {
        $result = Test-TcpScenario -MaximumFaults 0 -ScriptBlock {
            $net = New-TcpNetwork 'mine' -Empty
            New-TcpHost a, b | Out-Null
            New-TcpListener 7 -HostName b | Out-Null
            New-TcpConnection b:7 -From a -NoWait
        }
        $result.Name | Should -Be 'mine'
        $result.States | Should -Be 4
    }

    It 'leaves the session''s own network alone' {
        $mine = New-TcpNetwork 'before'
        Test-TcpScenario -MaximumFaults 0 -ScriptBlock { New-TcpNetwork 'other' } -Assert { (Get-TcpConnection).Count -ge 0 } | Out-Null
        New-TcpConnection | Out-Null
        $mine.Trace.Count | Should -BeGreaterThan 2
    }

    It 'ends a script block''s errors with its own' {
        { Test-TcpScenario -ScriptBlock { throw 'no lab' } } | Should -Throw 'no lab'
        New-TcpNetwork 'after' | Out-Null
        { Test-TcpScenario -ScriptBlock { throw 'no lab' } } | Should -Throw 'no lab'
        (New-TcpConnection).Network.Name | Should -Be 'after'
    }

    It 'says Unfinished where a bound is reached' {
        (Test-TcpScenario Handshake -MaximumStates 20).Verdict | Should -Be 'Unfinished'
        (Test-TcpScenario Handshake -MaximumDepth 2).Verdict | Should -Be 'Unfinished'
    }

    It 'names an unknown scenario, and goes on with the next' {
        $result = Test-TcpScenario nonsense, Handshake -MaximumFaults 0 -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].FullyQualifiedErrorId | Should -Be 'ScenarioNotFound,TcpShell.Commands.TestTcpScenarioCommand'
        $result.Name | Should -Be 'Handshake'
    }

    It 'completes names' {
        (TabExpansion2 'Test-TcpScenario OldD').CompletionMatches.CompletionText | Should -Be 'OldDuplicateSyn', 'OldDuplicateSynOnly'
    }

    It 'stops at once when the pipeline is stopped' {
        $shell = [powershell]::Create()
        try {
            $shell.AddScript("Import-Module '$modulePath'; Test-TcpScenario CloseWithData -MaximumFaults 4") | Out-Null
            $running = $shell.BeginInvoke()
            Start-Sleep -Seconds 2
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 0.5
            $running.IsCompleted | Should -BeTrue
        } finally {
            $shell.Dispose()
        }
    }
}
