# docs/scale.md, run: its tables, its way of loading and its queries on two ClickHouse servers of this test's own, on loopback, with the answers of
# Measure-TcpConversation beside them.
BeforeDiscovery {
    $missing = @('clickhouse-server', 'clickhouse-client' | Where-Object { -not (Get-Command $_ -CommandType Application -ErrorAction Ignore) })
}

Describe 'The way into ClickHouse' {
    BeforeAll {
        . $PSScriptRoot/Common.ps1
        if ($missing) { return }

        # The statements of the page, by the heading above them.
        $statements, $head, $sql = @{}, '', $null
        foreach ($line in Get-Content (Join-Path $repositoryRoot docs/scale.md)) {
            if ($null -eq $sql -and $line -match '^##+ (.+)$') { $head = $Matches[1] }
            elseif ($line -eq '```sql') { $sql = @() }
            elseif ($line -eq '```' -and $null -ne $sql) { $statements[$head] = $sql -join "`n"; $sql = $null }
            elseif ($null -ne $sql) { $sql += $line }
        }

        function Get-FreePort {
            $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
            $listener.Start()
            $listener.LocalEndpoint.Port
            $listener.Stop()
        }

        $servers = 1..2 | ForEach-Object { @{ Folder = Join-Path $TestDrive "db$_"; Port = Get-FreePort; Http = Get-FreePort; Inner = Get-FreePort } }
        foreach ($server in $servers) {
            $folder = $server.Folder
            [void] (New-Item "$folder/data/tmp", "$folder/data/user_files" -ItemType Directory)
            $shards = $servers | ForEach-Object { "<shard><replica><host>127.0.0.1</host><port>$($_.Port)</port></replica></shard>" }
            Set-Content "$folder/config.xml" @"
<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>$folder/log</log><errorlog>$folder/errors</errorlog></logger>
  <http_port>$($server.Http)</http_port>
  <tcp_port>$($server.Port)</tcp_port>
  <interserver_http_port>$($server.Inner)</interserver_http_port>
  <listen_host>127.0.0.1</listen_host>
  <path>$folder/data/</path>
  <tmp_path>$folder/data/tmp/</tmp_path>
  <user_files_path>$folder/data/user_files/</user_files_path>
  <mark_cache_size>67108864</mark_cache_size>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
  <remote_servers><captures>$($shards -join '')</captures></remote_servers>
</yandex>
"@
            Set-Content "$folder/users.xml" @'
<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>1000000000</max_memory_usage></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
  <quotas><default></default></quotas>
</yandex>
'@
            $server.Process = Start-Process clickhouse-server "--config-file=$folder/config.xml" -WorkingDirectory $folder -PassThru -RedirectStandardError "$folder/stderr" -RedirectStandardOutput "$folder/stdout"
        }

        # Runs a statement; the answer's lines are objects.
        function Invoke-ClickHouse([hashtable] $Server, [string] $Query, [string[]] $Options) {
            $answer = & clickhouse-client --host 127.0.0.1 --port $Server.Port --format JSONEachRow @Options --query $Query 2>&1
            if ($LASTEXITCODE -ne 0) { throw "clickhouse-client: $answer" }
            $answer | ForEach-Object { $_ | ConvertFrom-Json }
        }

        foreach ($server in $servers) {
            foreach ($try in 1..100) {
                try { [void] (Invoke-ClickHouse $server 'SELECT 1'); break } catch { if ($try -eq 100 -or $server.Process.HasExited) { throw } ; Start-Sleep -Milliseconds 200 }
            }

            foreach ($statement in $statements['ClickHouse'] -split ';\s*' | Where-Object { $_.Trim() }) { Invoke-ClickHouse $server $statement }
        }

        # Three captures over three hours, with losses, refusals and resets, on paths of several lengths.
        $captures = foreach ($number in 1..3) {
            $net = New-TcpNetwork -Latency "$(5 * $number)ms" -Seed $number
            New-TcpListener 443 | Out-Null
            Add-TcpImpairment -Drop -DataOnly -Skip 2 -Count $number | Out-Null
            foreach ($hour in 0..2) {
                1..(2 * $number) | ForEach-Object { New-TcpConnection | Send-TcpData ('x' * 2000 * $number) -PassThru | Close-TcpConnection }
                New-TcpConnection -To 10.0.0.2:443 | Close-TcpConnection -Abort
                New-TcpConnection -To 10.0.0.2:81 -ErrorAction SilentlyContinue | Out-Null
                Step-TcpNetwork -For 65m
            }
            $path = Join-Path $TestDrive "capture$number.pcapng"
            Export-TcpCapture $path
            $path
        }
        $conversations = Import-TcpCapture $captures
        $all = $conversations | Measure-TcpConversation

        # One export is loaded through each server.
        $number = 0
        foreach ($path in $captures) {
            $server = $servers[$number++ % 2]
            $rows, $segments = "$path.jsonl.gz", "$path.segments.jsonl"
            Import-TcpCapture $path | Export-TcpConversation $rows -Compress
            Import-TcpCapture $path -As Segment | Export-TcpConversation $segments
            bash -c "zcat '$rows' | clickhouse-client --host 127.0.0.1 --port $($server.Port) --insert_distributed_sync=1 --input_format_skip_unknown_fields=1 --query 'INSERT INTO conversations_all FORMAT JSONEachRow'"
            $LASTEXITCODE | Should -Be 0
            bash -c "clickhouse-client --host 127.0.0.1 --port $($server.Port) --insert_distributed_sync=1 --input_format_skip_unknown_fields=1 --query 'INSERT INTO segments_all FORMAT JSONEachRow' < '$segments'"
            $LASTEXITCODE | Should -Be 0
        }
    }

    AfterAll {
        foreach ($server in $servers) { if ($server.Process -and -not $server.Process.HasExited) { Stop-Process -Id $server.Process.Id; $server.Process.WaitForExit() } }
    }

    BeforeEach {
        if ($missing) { Set-ItResult -Skipped -Because "there is no $($missing -join ' and no ') (apt-get install clickhouse-server clickhouse-client)" }
    }

    It 'spreads the conversations over both servers and loses none' {
        $counts = $servers | ForEach-Object { [int] (Invoke-ClickHouse $_ 'SELECT count() AS n FROM conversations').n }
        $counts | ForEach-Object { $_ | Should -BeGreaterThan 0 }
        ($counts | Measure-Object -Sum).Sum | Should -Be $conversations.Count
        foreach ($server in $servers) { [int] (Invoke-ClickHouse $server 'SELECT count() AS n FROM conversations_all').n | Should -Be $conversations.Count }
    }

    It 'keeps every number' {
        $sums = Invoke-ClickHouse $servers[0] 'SELECT sum(packets) AS packets, sum(bytes) AS bytes, sum(server_unique_bytes) AS octets, sum(client_timestamps) AS stamps, min(start_ns) AS first FROM conversations_all'
        [long] $sums.packets | Should -Be $all.Packets
        [long] $sums.bytes | Should -Be $all.Bytes
        [long] $sums.octets | Should -Be ($conversations | ForEach-Object { $_.Server.UniqueBytes } | Measure-Object -Sum).Sum
        [long] $sums.stamps | Should -Be @($conversations | Where-Object { $_.Client.Timestamps }).Count
        [long] $sums.first | Should -Be $all.Start.Nanoseconds
    }

    It 'names the same top talkers' {
        $rows = @(Invoke-ClickHouse $servers[0] $statements['Top talkers'])
        $rows.Count | Should -Be $all.TopTalkers.Count
        for ($i = 0; $i -lt $rows.Count; $i++) {
            $rows[$i].address | Should -Be $all.TopTalkers[$i].Address
            [long] $rows[$i].'sum(packets_sent)' | Should -Be $all.TopTalkers[$i].Packets
            [long] $rows[$i].bytes_of_address | Should -Be $all.TopTalkers[$i].Bytes
        }
    }

    It 'has the same retransmission rate in each hour' {
        $rows = @(Invoke-ClickHouse $servers[1] $statements['Retransmission rate by hour'])
        $hours = @($conversations | Measure-TcpConversation -By Hour)
        $hours.Count | Should -BeGreaterThan 2
        $rows.hour -replace ':00$', 'Z' | Should -Be $hours.Group
        [long[]] $rows.'count()' | Should -Be $hours.Conversations
        for ($i = 0; $i -lt $rows.Count; $i++) { [double] $rows[$i].rate | Should -Be $hours[$i].RetransmissionRate }
        ($rows.rate | Measure-Object -Maximum).Maximum | Should -BeGreaterThan 0
    }

    It 'has the same percentiles of round trips' {
        $row = Invoke-ClickHouse $servers[0] $statements['Percentiles of round trips']
        [long[]] $row.psobject.Properties.Value | Should -Be (@($all.RttMedian, $all.Rtt90, $all.Rtt95, $all.Rtt99).Ticks | ForEach-Object { $_ * 100 })
    }

    It 'counts the same failures' {
        $rows = @(Invoke-ClickHouse $servers[1] $statements['Failures by cause'])
        ($rows | ForEach-Object { "$($_.ended) $($_.failures)" } | Sort-Object) | Should -Be ($all.Failures | ForEach-Object { "$_" } | Sort-Object)
        $rows.Count | Should -BeGreaterThan 1
    }

    It 'counts the same remarks on segments' {
        $rows = @(Invoke-ClickHouse $servers[0] $statements['What the analysis says of segments'])
        $expected = Import-TcpCapture $captures -As Segment | Where-Object Remark | Group-Object Remark | ForEach-Object { "$($_.Name) $($_.Count)" } | Sort-Object
        ($rows | ForEach-Object { "$($_.remark) $($_.'count()')" } | Sort-Object) | Should -Be $expected
        $rows | Should -Not -BeNullOrEmpty
    }
}
