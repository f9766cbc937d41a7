@{
    # All rules count, warnings and information as well: what the analyzer says is either followed or excluded here with a reason.
    Severity     = @('Error', 'Warning', 'Information')

    ExcludeRules = @(
        # Variables and parameters of a Pester file are used in blocks of other scopes, which these rules do not see.
        'PSUseDeclaredVarsMoreThanAssignments'
        'PSReviewUnusedParameter'

        # Positions read well where a function is small, private and has an obvious order; of cmdlets it allows the usual ones only.
        'PSAvoidUsingPositionalParameters'
    )

    Rules        = @{
        PSPlaceOpenBrace           = @{ Enable = $true; OnSameLine = $true; NewLineAfter = $true; IgnoreOneLineBlock = $true }
        PSPlaceCloseBrace          = @{ Enable = $true; NewLineAfter = $false; IgnoreOneLineBlock = $true; NoEmptyLineBefore = $true }
        PSUseConsistentIndentation = @{ Enable = $true; Kind = 'space'; IndentationSize = 4; PipelineIndentation = 'IncreaseIndentationForFirstPipeline' }
        PSUseConsistentWhitespace  = @{ Enable = $true; CheckOperator = $false; CheckSeparator = $false }
        PSAvoidUsingDoubleQuotesForConstantString = @{ Enable = $true }
        PSUseCompatibleSyntax      = @{ Enable = $true; TargetVersions = @('7.4') }
    }
}
