# What a lab gives through jobs, whose way is that of remoting: everything in one process, serialised, and made again in another.
BeforeAll {
    . $PSScriptRoot/Common.ps1

    # A lab with something lost, somebody refused, somebody forged, and an ICMP error: each in a column of its own.
    $lab = {
        param($Module)
        Import-Module $Module
        [void] (New-TcpNetwork -Seed 3)
        [void] (Add-TcpImpairment -Drop -DataOnly -From client -Count 1)
        New-TcpConnection | Send-TcpData ('x' * 3000) -PassThru | Close-TcpConnection
        [void] (New-TcpConnection -To 10.0.0.2:81 -ErrorAction SilentlyContinue)
        [void] (Send-TcpSegment -From 10.0.0.9:4444 -To 10.0.0.2:80 -Flags RST -SequenceNumber 1000)
        [void] (Add-TcpImpairment -Refuse PacketTooBig -Mtu 1300 -From client)
        New-TcpConnection | Send-TcpData ('x' * 3000)
        Step-TcpNetwork -Idle
    }
    $through = { param($Module, $Lab, $What) . ([scriptblock]::Create($Lab)) $Module; . ([scriptblock]::Create($What)) }
    function Receive-FromJob([scriptblock] $What) {
        Start-Job $through -ArgumentList $modulePath, "$lab", "$What" | Receive-Job -Wait -AutoRemoveJob
    }
    . $lab $modulePath
}

Describe 'A lab''s segments through a job' {
    BeforeAll {
        $here = @(Get-TcpSegment)
        $there = @(Receive-FromJob { Get-TcpSegment })
    }

    It 'are segments with all that is known of them: <_>' -ForEach 'Verdict', 'StateChanges', 'Icmp', 'Fate', 'FateText', 'Reason', 'Arrived', 'Info', 'Ecn', 'Origin' {
        @($there | Where-Object { $_ -isnot [TcpShell.Tracing.SegmentRecord] }).Count | Should -Be 0
        $there | ForEach-Object { "$($_.$_)" } | Should -Be ($here | ForEach-Object { "$($_.$_)" })
    }

    It 'say which rule was followed' {
        $refused = @($there | Where-Object { $_.Verdict.Fate -eq 'Reset' })[0]
        $refused.Verdict.Rfc | Should -Match '^9293 3\.'
        $refused.Verdict | Should -Be @($here | Where-Object { $_.Verdict.Fate -eq 'Reset' })[0].Verdict
        $there.StateChanges.Rfc | Should -Be $here.StateChanges.Rfc
        $there.StateChanges.Explanation | Should -Be $here.StateChanges.Explanation
        @($there | Where-Object { $_.Icmp }).Count | Should -BeGreaterThan 0
    }

    It 'are shown, drawn and written as those of this session' {
        $there | Format-Table | Out-String -Width 160 | Should -Be ($here | Format-Table | Out-String -Width 160)
        $there | Format-List | Out-String -Width 160 | Should -Be ($here | Format-List | Out-String -Width 160)
        foreach ($kind in 'Sequence', 'State', 'TimeSequence') {
            $there | ConvertTo-TcpDiagram -Kind $kind -Width 100 | Should -Be ($here | ConvertTo-TcpDiagram -Kind $kind -Width 100) -Because $kind
        }

        $there | Export-TcpCapture (Join-Path $TestDrive there.pcapng)
        $here | Export-TcpCapture (Join-Path $TestDrive here.pcapng)
        (Get-FileHash (Join-Path $TestDrive there.pcapng)).Hash | Should -Be (Get-FileHash (Join-Path $TestDrive here.pcapng)).Hash
    }

    It 'say that a script is made where the lab is' {
        $there | Where-Object Stream -EQ 0 | ConvertTo-TcpScript -ErrorAction SilentlyContinue -ErrorVariable failed
        @($failed).Count | Should -Be 1
        "$failed" | Should -Match 'another process'
    }

    It 'are plain where there is no such module' {
        # The job between knows nothing of TcpShell: the names of the properties are all that it has.
        $plain = Start-Job {
            param($Module, $Through, $Lab)
            Start-Job ([scriptblock]::Create($Through)) -ArgumentList $Module, $Lab, 'Get-TcpSegment' | Receive-Job -Wait -AutoRemoveJob |
                ForEach-Object { "$($_.Verdict.Fate) $($_.Verdict.Rfc) $($_.StateChanges.Cause -join ';') $($_.StateChanges.Rfc -join ';')" }
        } -ArgumentList $modulePath, "$through", "$lab" | Receive-Job -Wait -AutoRemoveJob
        $plain | Should -Be ($here | ForEach-Object { "$($_.Verdict.Fate) $($_.Verdict.Rfc) $($_.StateChanges.Cause -join ';') $($_.StateChanges.Rfc -join ';')" })
    }
}

Describe 'A lab''s changes of state through a job' {
    It 'are changes of state, and drawn' {
        $here = @(Watch-TcpState -History)
        $there = @(Receive-FromJob { Watch-TcpState -History })
        $there[0] | Should -BeOfType TcpShell.Tcp.StateChange
        foreach ($name in 'Time', 'Host', 'ConnectionId', 'Local', 'Remote', 'From', 'To', 'Event', 'Cause', 'Rfc', 'Explanation') {
            $there | ForEach-Object { "$($_.$name)" } | Should -Be ($here | ForEach-Object { "$($_.$name)" }) -Because $name
        }

        $there.Time.Nanoseconds | Should -Be $here.Time.Nanoseconds
        $there | ConvertTo-TcpDiagram -Kind State | Should -Be ($here | ConvertTo-TcpDiagram -Kind State)
    }
}

Describe 'A lab''s connections through a job' {
    BeforeAll {
        $ErrorActionPreference = 'Continue'
    }

    It 'say once and clearly that they cannot be drawn here' {
        $there = @(Receive-FromJob { Get-TcpConnection | Select-Object -First 1 })
        foreach ($command in { $there | ConvertTo-TcpDiagram }, { $there | ConvertTo-TcpScript }) {
            $failures = @(& $command 2>&1)
            $failures.Count | Should -Be 1
            "$failures" | Should -BeLike '*HostedConnection*another process*'
        }
    }

    It 'are refused by Export-TcpCapture' {
        $there = @(Receive-FromJob { Get-TcpConnection | Select-Object -First 1 })
        $failures = @($there | Export-TcpCapture (Join-Path $TestDrive none.pcapng) -WarningAction SilentlyContinue 2>&1)
        @($failures | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] }).FullyQualifiedErrorId | Should -Be 'NotExportable,TcpShell.Commands.ExportTcpCaptureCommand'
        "$failures" | Should -BeLike '*HostedConnection*another process*'
        Test-Path (Join-Path $TestDrive none.pcapng) | Should -BeFalse
    }
}
