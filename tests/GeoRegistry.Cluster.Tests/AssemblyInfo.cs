// Each test loads both cores with several server processes, and some measure: side by side they would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
